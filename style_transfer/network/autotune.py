"""TimingCache: how long each backend takes, measured when a problem is first met."""

import math
import re
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor

from style_transfer.network.backend import Backend, Problem
from style_transfer.network.winograd_kernels import TILE

Timing = tuple[float, float]  # s of CPU time: of a call, and of each work unit

_SAMPLE_MACS = 3e8  # about 6 ms of direct convolution on one core, for one measurement
_MUCH_SLOWER = 1.5  # times another's seconds: measured once, no doubt remains
_SMALL_SAMPLE = 12  # px a side, where the constant cost of a call is most of it
_LARGE_SAMPLE = 24, 240  # px a side: less makes thin products of few tiles, more tells the same

# How states saved before there were backends by these names call them.
_FORMER_NAMES = {
    "direct": "torch",
    "packed": "onednn",
    "F(4x4)": "winograd",
    "digits": "int8_split",
    "columns": "col2im",
}
_FORMER_KEY = re.compile(r"(\d+)-(\d+)(-backward)?")
_KEY = re.compile(r"\w+ \w+ \d+-\d+ padding [01] (forward|backward)")


class TimingCache:
    """Timings of backends by device, type, channels, padding and direction of a problem.

    A saved run takes its own along, since another backend would round differently: with them it
    goes on bit for bit on the same machine.
    """

    def __init__(self, timings: Mapping[str, Mapping[str, Timing]] | None = None) -> None:
        self._timings = {key: dict(each) for key, each in (timings or {}).items()}

    def get(self, problem: Problem) -> dict[str, Timing]:
        """Return timings by backend name; empty where the problem has not been measured."""
        return self._timings.get(_key(problem), {})

    def set(self, problem: Problem, timings: Mapping[str, Timing]) -> None:
        """Replace the timings of a problem."""
        self._timings[_key(problem)] = dict(timings)

    def updated(self, other: "TimingCache") -> "TimingCache":
        """Return a new cache with the timings of both; those of `other` win."""
        return TimingCache(self._timings.copy() | other._timings.copy())

    def as_dict(self) -> dict[str, dict[str, Timing]]:
        """Return the timings as plain data, for `from_dict`."""
        return {key: dict(each) for key, each in self._timings.copy().items()}

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


def fastest(timings: Mapping[str, Timing], units: Mapping[str, int]) -> str:
    """Return the backend with the least time for so many work units by backend name."""

    def seconds(name: str) -> float:
        call, unit = timings[name]
        return call + unit * units[name]

    return min(timings, key=seconds)


@torch.no_grad()
def measure(
    problem: Problem, backends: Mapping[str, Backend], attempt: Callable[..., Tensor]
) -> tuple[dict[str, Timing], str]:
    """Return timings of `backends`, and the name of the fastest for a large image.

    Their filters are those of the layer in question. `attempt(name, call)` returns what call()
    returns; what it raises ends the measurement. CPU time of the present thread is measured, which
    other work on the machine does not hold up.
    """
    macs = 9 * problem.in_channels * problem.out_channels
    side, (least, most) = math.isqrt(int(_SAMPLE_MACS / macs)), _LARGE_SAMPLE
    large = min(max(least, side - side % TILE), most)
    seconds = dict[int, dict[str, float]]()
    for side in (_SMALL_SAMPLE, large):
        calls = _sample_calls(problem, backends, side)
        seconds[side] = _seconds({name: partial(attempt, name, calls[name]) for name in calls})
    timings = {}
    for name, backend in backends.items():
        few, many = (backend.work_units(each, each) for each in seconds)
        fast, slow = (times[name] for times in seconds.values())
        unit = max(0.0, slow - fast) / (many - few)
        timings[name] = max(0.0, fast - unit * few), unit
    return timings, min(backends, key=seconds[large].__getitem__)


def _sample_calls(
    problem: Problem, backends: Mapping[str, Backend], side: int
) -> dict[str, Callable[[], Tensor]]:
    channels = problem.out_channels if problem.backward else problem.in_channels
    x = torch.rand(
        (1, channels, side, side), generator=torch.Generator().manual_seed(0)
    ).contiguous(memory_format=torch.channels_last)
    if problem.backward:
        return {name: partial(backend.backward, x, x) for name, backend in backends.items()}
    return {name: partial(backend.forward, x, relu=True) for name, backend in backends.items()}


def _seconds(calls: Mapping[str, Callable[[], Tensor]]) -> dict[str, float]:
    """Return the seconds of each call, measured alternately, so that a busy moment hits all."""
    best = dict.fromkeys(calls, math.inf)
    for call in calls.values():
        call()  # prepares the filters
    for _ in range(3):
        for name, call in calls.items():
            if best[name] == math.inf or best[name] <= _MUCH_SLOWER * min(best.values()):
                began = time.thread_time()
                call()
                best[name] = min(best[name], time.thread_time() - began)
    return best


def _key(problem: Problem) -> str:
    return (
        f"{problem.device} {str(problem.dtype).removeprefix('torch.')}"
        f" {problem.in_channels}-{problem.out_channels} padding {problem.padding}"
        f" {'backward' if problem.backward else 'forward'}"
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
        numbers = [n for n in data if isinstance(n, int | float) and not isinstance(n, bool)]
        if len(numbers) == 2 and all(math.isfinite(n) and n >= 0 for n in numbers):
            return float(numbers[0]), float(numbers[1])
    raise ValueError(f"timings of {key!r} hold {data!r}, not two times in seconds")
