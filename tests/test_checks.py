import pytest

from style_transfer.checks import one_of


def test_one_of_passes_over_what_is_allowed_and_lists_it_otherwise():
    one_of("fruit", "pear", ("apple", "pear"))
    with pytest.raises(ValueError, match=r"^fruit 'nut' is not one of apple, pear\.$"):
        one_of("fruit", "nut", ("apple", "pear"))
