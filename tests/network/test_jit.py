import numpy as np

from style_transfer.network import jit
from style_transfer.network.jit import compiled


def product(left, right, result):
    np.dot(left, right, result)


def test_a_compiled_function_does_the_same():
    left, right = np.arange(6, dtype=np.float32).reshape(2, 3), np.ones((3, 4), np.float32)
    result = np.empty((2, 4), np.float32)
    compiled(product)(left, right, result)
    np.testing.assert_array_equal(result, left @ right)


def test_nans_are_not_hidden():
    def at_least(values, least, result):
        for i in range(len(values)):
            result[i] = least if values[i] < least else values[i]

    values, result = np.array([1, np.nan, -1], np.float32), np.empty(3, np.float32)
    compiled(at_least)(values, np.float32(0), result)
    np.testing.assert_array_equal(result, np.array([1, np.nan, 0], np.float32))


def test_it_is_compiled_where_no_cache_can_be_written(monkeypatch):
    asked, real = [], jit.njit

    def njit(cache=False, **options):
        asked.append(cache)
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return real(**options)

    monkeypatch.setattr(jit, "njit", njit)
    result = np.empty((1, 1), np.float32)
    compiled(product)(np.ones((1, 2), np.float32), np.ones((2, 1), np.float32), result)
    assert result == 2
    assert asked == [True, False]
