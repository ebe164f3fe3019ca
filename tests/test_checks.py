from errno import ENOENT
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from style_transfer.checks import (
    cannot_use,
    file_name,
    in_words,
    number,
    one_of,
    path,
    weight,
    whole_number,
)


def test_one_of_passes_over_what_is_allowed_and_lists_it_otherwise():
    one_of("fruit", "pear", ("apple", "pear"))
    with pytest.raises(ValueError, match=r"^fruit 'nut' is not one of apple, pear\.$"):
        one_of("fruit", "nut", ("apple", "pear"))


def test_no_more_of_a_value_is_quoted_than_a_reader_needs():
    for wrong in (np.full((9, 9), "pear"), ["pear"] * 1000, "pear" * 1000):
        with pytest.raises(ValueError, match=r"^fruit .* is not one of apple, pear\.$") as refused:
            one_of("fruit", wrong, ("apple", "pear"))
        assert len(str(refused.value)) < 160
    with pytest.raises(ValueError, match=r"^fruit must be a number, not array.* \.\.\.\.$"):
        number("fruit", np.zeros((9, 9)))


def test_a_file_is_called_by_its_name_or_else_by_its_path():
    assert [file_name(file) for file in ("a/b.png", Path("a/b/"), ".", "/", "..")] == (
        ["b.png", "b", ".", "/", ".."]
    )


def test_numbers_of_numpy_are_numbers():
    for kind in (np.float16, np.float32, np.float64, np.int64, np.uint8, Fraction):
        assert number("fruit", kind(8)) == weight("fruit", kind(8)) == 8
        assert type(number("fruit", kind(8))) is float
        assert type(whole_number("fruit", kind(8), 0, 9)) is int


@pytest.mark.parametrize("value", [True, np.True_, np.ones(1), "8", None, 8j])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(ValueError, match=r"^fruit must be a number, not "):
        number("fruit", value)


def test_a_whole_number_may_be_at_either_end_and_no_farther():
    assert [whole_number("size", value, 32, 9000) for value in (32, 9000.0)] == [32, 9000]
    for value in (31, 9001, 40.5):
        words = rf"^size must be a whole number from 32 to 9,000, not {value}\.$"
        with pytest.raises(ValueError, match=words):
            whole_number("size", value, 32, 9000)


@pytest.mark.parametrize("value", ["", None, 3, b"a.jpg"], ids=repr)
def test_what_names_no_file_is_refused_and_what_does_is_a_path(value):
    assert path("photo", "a.jpg") == path("photo", Path("a.jpg")) == Path("a.jpg")
    with pytest.raises(ValueError, match=r"^photo must be the name of a file or folder, not "):
        path("photo", value)


def test_an_error_of_the_system_is_told_by_its_file_and_its_reason():
    assert in_words(OSError(ENOENT, "No such file", "a.jpg")) == (
        "a.jpg cannot be used (No such file)."
    )
    assert in_words(OSError("no room")) == "no room"
    assert in_words(OSError(ENOENT, "No such file")) == "No such file."
    assert in_words(ValueError("It is wet.")) == "It is wet."


def test_the_refusal_of_a_text_quotes_no_more_of_it_than_a_reader_needs():
    assert str(cannot_use("The link", ValueError("It is wet."))) == (
        "The link cannot be used: it is wet."
    )
    assert len(str(cannot_use("The link", ValueError("much " * 999)))) <= 325
