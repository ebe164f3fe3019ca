"""Keyframes: settings that change along a film."""

import json
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from os import PathLike
from typing import Any

from style_transfer.checks import file_name, one_of, quoted, whole_number
from style_transfer.knobs import Number, StyleWeights, WholeNumber
from style_transfer.settings import KNOBS, Settings

MAX_FRAME = 10_000_000
_MOST_BYTES = 1_000_000  # of a file


class Keyframes:
    """Values of knobs at some frames of a film, counted from 0.

    Between two frames that name a knob a number changes evenly, as do the weights of styles; a word
    or switch stays until the next. A knob that is not named at frame 0 has there the value of the
    film's settings.
    """

    def __init__(self, frames: Mapping[int | str, Mapping[str, Any]]) -> None:
        """Take values by name of the knob, by number of the frame.

        Raises ValueError, one sentence, for what is no frame, knob or value.
        """
        self._frames: dict[str, dict[int, Any]] = {}
        self._file = ""  # from which they are read, and a colon
        for number, values in frames.items():
            frame = _frame(number)
            if not isinstance(values, Mapping):
                raise ValueError(
                    f"Keyframe {frame} must name knobs with values, not {quoted(values)}."
                )
            with self._named(frame):
                for name, value in values.items():
                    one_of("the knob", name, KNOBS)
                    checked = KNOBS[name].check(name, value)
                    self._frames.setdefault(name, {})[frame] = checked

    @classmethod
    def read(cls, file: str | PathLike[str]) -> "Keyframes":
        """Return those of a JSON file such as {"0": {"beta": 4}, "48": {"beta": 12}}.

        Raises ValueError, one sentence that names the file.
        """
        name = file_name(file)
        try:
            with open(file, encoding="utf-8-sig") as content:
                data = json.loads(content.read(_MOST_BYTES))
            if not isinstance(data, dict):
                raise ValueError("it has no frames.")
            keyframes = cls(data)
        except OSError as error:
            raise ValueError(f"{name}: this file cannot be read ({error.strerror}).") from None
        except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ValueError(f"{name}: this is no JSON ({error}).") from None
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
        keyframes._file = f"{name}: "
        return keyframes

    def check(self, settings: Settings, check: Callable[[Settings], None]) -> None:
        """Call `check` with the settings of each keyframe, and of frame 0.

        The ValueError that it raises then names the file and the keyframe, if there is one.
        """
        named = {number for frames in self._frames.values() for number in frames}
        for number in sorted(named | {0}):
            with self._named(number) if number in named else nullcontext():
                check(self.at(number, settings))

    @contextmanager
    def _named(self, frame: int) -> Iterator[None]:
        try:
            yield
        except ValueError as error:
            raise ValueError(f"{self._file}Keyframe {frame}: {error}") from None

    def at(self, number: int, settings: Settings) -> Settings:
        """Return the settings of a frame of a film that has these settings beside."""
        values = {
            name: _value(name, {0: getattr(settings, name)} | frames, number)
            for name, frames in self._frames.items()
        }
        return replace(settings, **values)

    def as_dict(self) -> dict[str, dict[int, Any]]:
        """Return all values as plain data, by knob and frame."""
        return {
            name: {frame: KNOBS[name].plain(value) for frame, value in sorted(frames.items())}
            for name, frames in sorted(self._frames.items())
        }


def _frame(number: int | str) -> int:
    if isinstance(number, str):
        if not re.fullmatch("[0-9]{1,8}", number):
            words = f"a whole number from 0 to {MAX_FRAME:,}, not {quoted(number)}"
            raise ValueError(f"A keyframe must be {words}.")
        number = int(number)
    return whole_number("A keyframe", number, 0, MAX_FRAME)


def _value(name: str, frames: Mapping[int, Any], number: int) -> Any:
    """Return the value of a knob at a frame, from those at some, of which 0 is one."""
    numbers = sorted(frames)
    index = bisect_right(numbers, number) - 1
    first = numbers[index]
    if index + 1 == len(numbers):
        return frames[first]
    last = numbers[index + 1]
    share, before, after = (number - first) / (last - first), frames[first], frames[last]
    match KNOBS[name]:
        case WholeNumber():
            return round(before + share * (after - before))
        case Number():
            return before + share * (after - before)
        case StyleWeights():
            pairs = zip(before, after, strict=True)
            return tuple(one + share * (other - one) for one, other in pairs)
    return before
