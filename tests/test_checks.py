from fractions import Fraction

import numpy as np
import pytest

from style_transfer.checks import number, one_of, weight, whole_number


def test_one_of_passes_over_what_is_allowed_and_lists_it_otherwise():
    one_of("fruit", "pear", ("apple", "pear"))
    with pytest.raises(ValueError, match=r"^fruit 'nut' is not one of apple, pear\.$"):
        one_of("fruit", "nut", ("apple", "pear"))


def test_numbers_of_numpy_are_numbers():
    for kind in (np.float16, np.float32, np.float64, np.int64, np.uint8, Fraction):
        assert number("fruit", kind(8)) == weight("fruit", kind(8)) == 8
        assert type(number("fruit", kind(8))) is float
        assert type(whole_number("fruit", kind(8), 0, 9)) is int


@pytest.mark.parametrize("value", [True, np.True_, np.ones(1), "8", None, 8j])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(ValueError, match=r"^fruit must be a number, not "):
        number("fruit", value)
