import importlib
import os
import sys

import numba
import numpy as np
import pytest
from numba.core.caching import FunctionCache

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


def computed(function):
    result = np.empty((1, 1), np.float32)
    function(np.ones((1, 2), np.float32), np.ones((2, 1), np.float32), result)
    return result.item()


def test_it_is_compiled_where_no_cache_can_be_written(monkeypatch):
    def unwritable(_):
        raise RuntimeError("cannot cache function: no locator available")

    monkeypatch.setattr(jit, "_ForgivingCache", unwritable)
    assert computed(compiled(product)) == 2


@pytest.mark.parametrize("suffix", [".nbi", ".nbc"])
@pytest.mark.parametrize("left", [0, 20])
def test_a_damaged_cache_is_made_anew(tmp_path, monkeypatch, suffix, left):
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    assert computed(compiled(product)) == 2
    (file,) = tmp_path.rglob(f"*{suffix}")
    whole = file.read_bytes()
    file.write_bytes(whole[:left])
    assert computed(compiled(product)) == 2
    assert len(file.read_bytes()) > left


def test_a_cache_that_cannot_be_written_any_more_stops_nothing(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(FunctionCache, "save_overload", full)
    assert computed(compiled(product)) == 2


def test_a_function_is_compiled_anew_when_kernels_beside_it_change(tmp_path, monkeypatch):
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.syspath_prepend(tmp_path)
    inner, outer = tmp_path / "inner_kernels.py", tmp_path / "outer_kernels.py"
    begin = "from style_transfer.network.jit import compiled\n"
    outer.write_text(f"{begin}from inner_kernels import add\n@compiled\ndef fill(x):\n    add(x)\n")

    def filled(number):
        inner.write_text(f"{begin}@compiled\ndef add(x):\n    x[:] += {number}\n")
        os.utime(inner, (number, number))  # s
        for name in ("inner_kernels", "outer_kernels"):  # as a later process finds them
            sys.modules.pop(name, None)
        importlib.invalidate_caches()
        x = np.zeros(2, np.float32)
        importlib.import_module("outer_kernels").fill(x)
        return x.tolist()

    assert filled(1) == [1, 1]
    assert filled(2) == [2, 2]
