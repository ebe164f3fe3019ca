import numpy as np
import pytest

from style_transfer.network.product_kernels import ROWS, WIDTH, multiply


def random(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def product(left, right):
    result = np.full((len(left), right.shape[1]), np.nan, np.float32)  # is not read
    multiply(left, right, result)
    return result


@pytest.mark.parametrize("rows", [1, 2, 3, ROWS, 2 * ROWS + 3])
@pytest.mark.parametrize("inner", [1, 64, 150])  # one number, one part, and three
@pytest.mark.parametrize("columns", [WIDTH, 4 * WIDTH])
def test_it_is_the_product_in_double_precision(rows, inner, columns):
    left, right = random(rows, inner), random(inner, columns, seed=1)
    expected = left.astype(np.float64) @ right
    scale = np.abs(left) @ np.abs(right)
    assert (np.abs(product(left, right) - expected) <= 1e-6 * scale).all()


def test_rounding_does_not_grow_with_the_inner_dimension():
    left, right = random(8, 512), random(512, WIDTH, seed=1)
    errors = product(left, right) - left.astype(np.float64) @ right
    one_sum = np.zeros((8, WIDTH), np.float32)
    for number in range(512):
        one_sum += left[:, number, None] * right[number]
    assert np.square(errors).sum() < np.square(one_sum - left.astype(np.float64) @ right).sum() / 2


def test_a_row_is_the_same_to_the_bit_whichever_are_beside_it():
    left, right = random(11, 130), random(130, 3 * WIDTH, seed=1)
    whole = product(left, right)
    for first in range(11):
        for last in range(first + 1, 12):
            np.testing.assert_array_equal(product(left[first:last], right), whole[first:last])


def test_a_column_is_the_same_to_the_bit_whichever_are_beside_it():
    left, right = random(5, 130), random(130, 3 * WIDTH, seed=1)
    part = np.ascontiguousarray(right[:, WIDTH : 2 * WIDTH])
    np.testing.assert_array_equal(product(left, part), product(left, right)[:, WIDTH : 2 * WIDTH])


def test_nans_spread_over_their_row_alone():
    left, right = random(6, 70), random(70, WIDTH, seed=1)
    left[2, 69] = np.nan
    found = np.isnan(product(left, right))
    assert found[2].all()
    assert found.sum() == WIDTH
