"""Checks of values that users give; each refuses with one sentence that says what is allowed."""

import difflib
import os
import textwrap
from collections.abc import Iterable
from numbers import Real
from pathlib import Path
from typing import Any

_MISSPELT = 0.75  # likeness by difflib of a name with one letter changed, missing or swapped
_MOST_QUOTED = 100  # characters
MAX_WEIGHT = 1_000_000  # no loss of a term, times it, is infinite in float32


def quoted(value: Any) -> str:
    """Return a value as sentences quote it: on one line, and no more than a reader needs."""
    text = " ".join(repr(value).split())
    return text if len(text) <= _MOST_QUOTED else f"{text[:_MOST_QUOTED]} ..."


def one_of(what: str, value: Any, allowed: Iterable[str]) -> None:
    """Raise ValueError, one sentence that lists what is allowed, where `value` is not among it."""
    allowed = tuple(allowed)
    if not isinstance(value, str) or value not in allowed:  # an array would be compared by element
        raise ValueError(f"{what} {quoted(value)} is not one of {', '.join(allowed)}.")


def no_misspelling(names: Iterable[str], known: Iterable[str]) -> None:
    """Raise ValueError, one sentence, where one of `names` is nearly a known one.

    Other names are let through: those of a later version.
    """
    known = tuple(known)
    for name in names:
        if name not in known and (meant := difflib.get_close_matches(name, known, 1, _MISSPELT)):
            raise ValueError(f"there is no {name!r}; {meant[0]!r} is the nearest name.")


def whole_number(what: str, value: Any, low: int, high: int) -> int:
    """Return `value` as an int; raise ValueError, one sentence, where it is not in low..high."""
    given = number(what, value)
    if not low <= given <= high or given != int(given):
        raise ValueError(
            f"{what} must be a whole number from {low} to {high:,}, not {quoted(value)}."
        )
    return int(given)


def port_number(what: str, text: str) -> int:
    """Return the port that a text says; raise ValueError, one sentence, where it says none."""
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text) <= 65535:
        raise ValueError(f"{what} must be from 1 to 65535, not {quoted(text)}.")
    return int(text)


def weight(what: str, value: Any) -> float:
    """Return `value` as a float; raise ValueError where it is not from 0 to MAX_WEIGHT."""
    given = number(what, value)
    if not 0 <= given <= MAX_WEIGHT:  # NaN also fails
        raise ValueError(f"{what} must be a number from 0 to {MAX_WEIGHT:,}, not {quoted(value)}.")
    return given


def number(what: str, value: Any) -> float:
    """Return `value` as a float; raise ValueError where it is no number or a bool."""
    if not is_number(value):
        raise ValueError(f"{what} must be a number, not {quoted(value)}.")
    try:
        return float(value)
    except OverflowError:
        raise ValueError(f"{what} must be a finite number, not {quoted(value)}.") from None


def is_number(value: Any) -> bool:
    """Tell whether `value` is a number, one of NumPy's included, and not a bool."""
    return isinstance(value, Real) and not isinstance(value, bool)


def path(what: str, value: Any) -> Path:
    """Return `value` as a path; raise ValueError, one sentence, where it names no file or folder.

    An empty text, as an unset variable of a shell leaves it, would be the current folder.
    """
    if isinstance(value, str | os.PathLike) and value != "":
        return Path(value)
    raise ValueError(f"{what} must be the name of a file or folder, not {quoted(value)}.")


def paths(what: str, given: Any) -> list[Path]:
    """Return one file or folder, or several, as paths; raise ValueError as `path` does."""
    several = given if isinstance(given, Iterable) and not isinstance(given, str) else [given]
    return [path(what, each) for each in several]


def file_name(file: str | os.PathLike[str]) -> str:
    """Return what sentences call a file: its name without the folder, which is private.

    Of "." and "/", which have none, the path itself.
    """
    place = Path(file)
    return place.name or str(place)


def in_words(error: Exception) -> str:
    """Return the text of an error; of one of the system, the file and the reason, no number."""
    if not isinstance(error, OSError) or not error.strerror:
        return str(error)
    if error.filename is None:
        return f"{error.strerror}."
    return f"{error.filename} cannot be used ({error.strerror})."


def cannot_use(what: str, error: ValueError) -> ValueError:
    """Return the refusal of a text, such as a link, for the error of a value that it has."""
    # Whoever made the text also made what the error quotes from it.
    reason = textwrap.shorten(str(error), 300, placeholder=" ...")
    return ValueError(f"{what} cannot be used: {reason[:1].lower()}{reason[1:]}")
