"""TimingCache: how long each backend takes for each problem, as measured by `autotune`."""

import re
import sys
import threading
from collections.abc import Mapping
from typing import Any

from style_transfer.checks import is_number
from style_transfer.network.backend import Problem

Timing = tuple[float, float]  # s: of a call, and of each work unit

_MAX_SIZED = 1000  # timings at one size each, of about 35 sizes of image

# How states saved before there were backends by these names call them.
_FORMER_NAMES = {
    "direct": "torch",
    "packed": "onednn",
    "onednn_sized": "onednn",
    "F(4x4)": "winograd",
    "digits": "int8_split",
    "columns": "col2im",
}
_FORMER_KEY = re.compile(r"(\d+)-(\d+)(-backward)?")
_KEY = re.compile(r"\w+ \w+ \d+-\d+ padding [01] (forward|backward)( at \d+x\d+)?")
_SIZED = " at "  # in the keys of timings at one size


class TimingCache:
    """Timings of backends by device, type, channels, padding and direction of a problem.

    Those for any size are joined by measurements at single sizes, for which they do not decide. A
    saved run takes its own along, since another backend would round differently: with them it goes
    on bit for bit on the same machine.
    """

    def __init__(self, timings: Mapping[str, Mapping[str, Timing]] | None = None) -> None:
        self._timings = {key: dict(each) for key, each in (timings or {}).items()}
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[Any, ...]:  # its lock cannot be copied
        return TimingCache, (self.as_dict(),)

    def get(self, problem: Problem, size: tuple[int, int] | None = None) -> dict[str, Timing]:
        """Return timings by backend name; empty where the problem has not been measured.

        With a `size` (height, width) of the input, those measured at that size.
        """
        key = _key(problem, size)
        with self._lock:
            found = self._timings.get(key, {})
            if found and size:  # the least recently used ones are dropped
                self._timings[key] = self._timings.pop(key)
        return found

    def set(
        self, problem: Problem, timings: Mapping[str, Timing], size: tuple[int, int] | None = None
    ) -> None:
        """Replace the timings of a problem, at a `size` or for any."""
        with self._lock:
            self._timings[_key(problem, size)] = dict(timings)
            sized = [key for key in self._timings if _SIZED in key]
            for key in sized[:-_MAX_SIZED]:
                del self._timings[key]

    def updated(self, other: "TimingCache") -> "TimingCache":
        """Return a new cache with the timings of both; those of `other` win."""
        return TimingCache(self.as_dict() | other.as_dict())

    def as_dict(self) -> dict[str, dict[str, Timing]]:
        """Return the timings as plain data, for `from_dict`."""
        with self._lock:
            return {key: dict(each) for key, each in self._timings.items()}

    @classmethod
    def from_dict(cls, data: Any) -> "TimingCache":
        """Return the cache that `as_dict` gave, also by way of JSON and from earlier versions.

        Raises ValueError for anything else.
        """
        if not isinstance(data, dict):
            raise ValueError(f"timings are {type(data).__name__}, not a table")
        return cls({_read_key(key): _read_timings(key, each) for key, each in data.items()})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TimingCache) and self._timings == other._timings

    __hash__ = None  # type: ignore[assignment]  # it changes


def _key(problem: Problem, size: tuple[int, int] | None = None) -> str:
    at_size = f"{_SIZED}{size[0]}x{size[1]}" if size else ""
    return (
        f"{problem.device} {str(problem.dtype).removeprefix('torch.')}"
        f" {problem.in_channels}-{problem.out_channels} padding {problem.padding}"
        f" {'backward' if problem.backward else 'forward'}{at_size}"
    )


def _read_key(key: Any) -> str:
    if isinstance(key, str) and (former := _FORMER_KEY.fullmatch(key)):
        ins, outs, backward = former.groups()
        # Of an image's 3 channels the border was repeated, so that no zeros were added.
        padding = 0 if ins == "3" else 1
        return _key(Problem(int(ins), int(outs), padding, backward=bool(backward)))
    if isinstance(key, str) and _KEY.fullmatch(key):
        return key
    raise ValueError(f"timings of {key!r}, which is no convolution")


def _read_timings(key: str, data: Any) -> dict[str, Timing]:
    if not isinstance(data, dict) or not data:
        raise ValueError(f"timings of {key!r} name no backend")
    timings = dict[str, Timing]()
    for name, pair in data.items():
        timings[_FORMER_NAMES.get(str(name), str(name))] = _read_timing(key, pair)
    return timings


def _read_timing(key: str, data: Any) -> Timing:
    if isinstance(data, list | tuple) and len(data) == 2:
        seconds = [float(n) for n in data if is_number(n) and 0 <= n <= sys.float_info.max]
        if len(seconds) == 2:
            return seconds[0], seconds[1]
    raise ValueError(f"timings of {key!r} hold {data!r}, not two times in seconds")
