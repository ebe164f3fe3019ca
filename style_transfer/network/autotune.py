"""Measuring how long backends take: in general for a problem, and for inputs of one size."""

import math
import time
from collections.abc import Callable, Mapping
from functools import partial

import torch
from torch import Tensor

from style_transfer.network.backend import Backend, Problem
from style_transfer.network.timing_cache import Timing
from style_transfer.network.winograd_kernels import TILE

_SAMPLE_MACS = 3e8  # about 6 ms of direct convolution on one core, for one measurement
_MUCH_SLOWER = 1.5  # times another's seconds: measured once, no doubt remains
_SMALL_SAMPLE = 12  # px a side, where the constant cost of a call is most of it
_LARGE_SAMPLE = 24, 240  # px a side: less makes thin products of few tiles, more tells the same
_ROUNDS = 3, 8  # of measurements: the fewest, and the most where seconds go on falling
_SETTLED = 0.95  # of the least seconds so far: less is a change that asks for another round
_SMALL_AREA = 64 * 64  # positions; kernels for smaller images depend on the very size
_IN_DOUBT = 3.0, 1.25  # times the least estimate: what is measured at a small and a large size


def fastest(timings: Mapping[str, Timing], units: Mapping[str, int]) -> str:
    """Return the backend with the least time for so many work units by backend name."""
    return min(timings, key=lambda name: _estimate(timings[name], units[name]))


def in_doubt(
    timings: Mapping[str, Timing], units: Mapping[str, int], size: tuple[int, int]
) -> list[str]:
    """Return the backends of which each may be the fastest at `size`, for all the timings say."""
    seconds = {name: _estimate(timing, units[name]) for name, timing in timings.items()}
    most = min(seconds.values()) * _IN_DOUBT[size[0] * size[1] > _SMALL_AREA]
    return [name for name, each in seconds.items() if each <= most]


def _estimate(timing: Timing, units: int) -> float:
    call, unit = timing
    return call + unit * units


@torch.no_grad()
def measure(
    problem: Problem, backends: Mapping[str, Backend], attempt: Callable[..., Tensor]
) -> dict[str, Timing]:
    """Return timings of `backends` for any size of image.

    Their filters are those of the layer in question. `attempt(name, call)` returns what call()
    returns; what it raises ends the measurement. CPU time of the present thread is measured, which
    other work on the machine does not hold up.
    """
    macs = 9 * problem.in_channels * problem.out_channels
    side, (least, most) = math.isqrt(int(_SAMPLE_MACS / macs)), _LARGE_SAMPLE
    large = min(max(least, side - side % TILE), most)
    seconds = dict[int, dict[str, float]]()
    for side in (_SMALL_SAMPLE, large):
        calls = _sample_calls(problem, backends, (side, side), attempt)
        seconds[side] = _seconds(calls, time.thread_time)
    timings = {}
    for name, backend in backends.items():
        few, many = (backend.work_units(each, each) for each in seconds)
        fast, slow = (times[name] for times in seconds.values())
        unit = max(0.0, slow - fast) / (many - few)
        timings[name] = max(0.0, fast - unit * few), unit
    return timings


@torch.no_grad()
def measure_at(
    problem: Problem,
    backends: Mapping[str, Backend],
    size: tuple[int, int],
    attempt: Callable[..., Tensor],
) -> dict[str, Timing]:
    """Return timings of `backends` for an input of `size` (height, width); see `measure`.

    By the clock, since they share the work among threads in different ways.
    """
    calls = _sample_calls(problem, backends, size, attempt)
    return {name: (each, 0.0) for name, each in _seconds(calls, time.perf_counter).items()}


def _sample_calls(
    problem: Problem,
    backends: Mapping[str, Backend],
    size: tuple[int, int],
    attempt: Callable[..., Tensor],
) -> dict[str, Callable[[], Tensor]]:
    channels = problem.out_channels if problem.backward else problem.in_channels
    x = torch.rand((1, channels, *size), generator=torch.Generator().manual_seed(0)).contiguous(
        memory_format=torch.channels_last
    )
    calls = dict[str, Callable[[], Tensor]]()
    for name, backend in backends.items():
        call = (
            partial(backend.backward, x, x)
            if problem.backward
            else partial(backend.forward, x, relu=True)
        )
        calls[name] = partial(attempt, name, call)
    return calls


def _seconds(
    calls: Mapping[str, Callable[[], Tensor]], clock: Callable[[], float]
) -> dict[str, float]:
    """Return the least seconds of each call, made alternately, so that a busy moment hits all.

    More rounds are made as long as the least seconds fall, as they do beside other work.
    """
    best = dict.fromkeys(calls, math.inf)
    for call in calls.values():
        call()  # prepares the filters
    least, most = _ROUNDS
    for number in range(1, most + 1):
        before = dict(best)
        for name, call in calls.items():
            if best[name] == math.inf or best[name] <= _MUCH_SLOWER * min(best.values()):
                began = clock()
                call()
                best[name] = min(best[name], clock() - began)
        settled = all(best[name] >= _SETTLED * before[name] for name in best)
        if number >= least and settled:
            break
    return best
