"""Convolution: a frozen 3x3 convolution that takes the fastest way on the machine at hand."""

import math
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from style_transfer.ways import WAYS, Columns, Digits, Direct, Strips, Winograd, direct
from style_transfer.workers import alone

_SAMPLE_MACS = 5e8  # about 10 ms of direct convolution on one core, for one measurement
_COLORS = 3  # channels of a picture, for which columns are
_FEW, _MANY = 128, 128  # channels up to which strips, and from which tiles, have been the fastest
_SMALL_SAMPLE = 12  # px a side, where what a call costs whatever its size is most of it
_LARGEST_SAMPLE = 240  # px a side; more takes long and tells the same
_CALM = 1.3  # times the CPU time of one that several threads together may take on a calm machine

# Seconds of a call and of each tile (each pixel where there are none) by layer shape, threads and
# way, measured when a shape is first met. Plain data: a saved run takes it along, so that it goes
# on bit for bit.
Rates = dict[str, tuple[float, float]]
RATES: dict[str, Rates] = {}
Clock = Callable[[], float]
_measuring = threading.Lock()


class Convolution(nn.Module):
    """3x3 convolution, stride 1, with weight (out, in, 3, 3) and bias (out,), both frozen.

    There is a choice of ways for one float32 picture on the CPU; elsewhere it is torch's own.
    """

    weight: Tensor
    bias: Tensor

    def __init__(self, weight: Tensor, bias: Tensor, padding: str = "zeros") -> None:
        """Take `padding` of one pixel with "zeros", or as "replicate" with the border's pixels."""
        super().__init__()
        self.padding = padding
        self.register_buffer("weight", weight.contiguous(memory_format=torch.channels_last))
        self.register_buffer("bias", bias)
        self._ways: dict[str, Direct] = {}  # by name, made when first used

    def forward(self, x: Tensor, relu: bool = False, rough: bool = False) -> Tensor:
        """Return (1, out, H, W) for x (1, in, H, W), clamped at 0 with `relu`.

        Where it is `rough` it may err by 1e-4 of its largest value, unless x needs a gradient.
        """
        if self.padding == "replicate":
            x = F.pad(x, (1, 1, 1, 1), mode="replicate")
        if x.device.type != "cpu" or x.dtype != torch.float32 or x.shape[0] != 1:
            return direct(x, self.weight, self.bias, relu, self._zeros)
        size = x.shape[2], x.shape[3]
        # Digits are as fast in this direction as in the other.
        if rough and not x.requires_grad and self.fastest(*size, True) == "digits":
            return self.way("digits").forward(x, relu)
        way = self.way(self.fastest(*size))
        backward = self.way(self.fastest(*size, True)) if x.requires_grad else way
        result: Tensor = _Convolve.apply(x, way, backward, relu)
        return result

    def fastest(self, height: int, width: int, backward: bool = False) -> str:
        """Return the name of the fastest way for a picture of this size, or for its gradient."""
        outs, ins = self.weight.shape[:2]
        names = candidates(ins, outs, backward, self._zeros)
        if len(names) == 1:
            return names[0]
        rates = _rates(ins, outs, backward)

        def seconds(name: str) -> float:
            call, unit = rates[name]
            return call + unit * WAYS[name].units(height, width)

        return min(rates, key=seconds)

    def way(self, name: str) -> Direct:
        """Return one of WAYS with these filters."""
        if name not in self._ways:
            self._ways[name] = WAYS[name](self.weight, self.bias, self._zeros)
        return self._ways[name]

    @property
    def _zeros(self) -> int:
        return 0 if self.padding == "replicate" else 1

    def way_bytes(self) -> int:
        """Return the memory that the ways in use take, beside the weight's own."""
        return sum(way.bytes() for way in self._ways.values())


class _Convolve(torch.autograd.Function):
    """The convolution by one of WAYS, with the gradient of x alone, by the same or another."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, way: Direct, backward: Direct, relu: bool) -> Tensor:
        y = way.forward(x, relu)
        ctx.way = backward
        ctx.save_for_backward(y if relu else None)
        return y

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None]:
        (mask,) = ctx.saved_tensors
        return ctx.way.backward(gradient, mask), None, None, None


def candidates(ins: int, outs: int, backward: bool = False, zeros: int = 1) -> list[str]:
    """Return the names of the ways that may be the fastest for layers of these channels."""
    if ins == _COLORS:
        return ["direct", "columns"] if backward else ["direct"]
    if not zeros:
        return ["direct"]
    if backward and "digits" in WAYS:
        return ["direct", "digits"]
    return [
        name
        for name, way in WAYS.items()
        if not (issubclass(way, Strips) and max(ins, outs) > _FEW)
        and not (issubclass(way, Winograd) and min(ins, outs) < _MANY)
        and not issubclass(way, Columns | Digits)
    ]


def _rates(ins: int, outs: int, backward: bool) -> Rates:
    key = f"{ins}-{outs}-{torch.get_num_threads()}{'-backward' * backward}"
    if not _known(key):
        with _measuring:
            if not _known(key):
                RATES[key] = _measured(ins, outs, backward)
    return RATES[key]


def _known(key: str) -> bool:
    return key in RATES and RATES[key].keys() <= WAYS.keys()  # a saved run may bring other ways


def _measured(ins: int, outs: int, backward: bool) -> Rates:
    """Return the times by all threads, or the CPU times of one where the machine is busy.

    Threads wait for each other: beside other work that takes any time, up to a hundred times the
    work's own, and tells nothing of the ways. On a calm machine it tells more than one thread can:
    several share the memory, which not all ways need alike.
    """
    apart = alone(lambda: _timed(ins, outs, backward, time.thread_time))
    threads = torch.get_num_threads()
    if threads == 1:
        return apart
    together = _timed(ins, outs, backward, time.perf_counter)
    calm = together["direct"][1] * threads < _CALM * apart["direct"][1]
    return together if calm else apart


@torch.no_grad()
def _timed(ins: int, outs: int, backward: bool, clock: Clock) -> Rates:
    weight = torch.rand(outs, ins, 3, 3).contiguous(memory_format=torch.channels_last)
    channels = outs if backward else ins

    def made(way: Direct, side: int) -> Callable[[], Tensor]:
        x = torch.rand(1, channels, side, side).contiguous(memory_format=torch.channels_last)
        return partial(way.backward, x, x) if backward else partial(way.forward, x, relu=True)

    ways = {n: WAYS[n](weight, torch.zeros(outs)) for n in candidates(ins, outs, backward)}
    side = min(_LARGEST_SAMPLE, math.isqrt(int(_SAMPLE_MACS / (9 * ins * outs))))
    large = max(2 * _SMALL_SAMPLE, side - side % 12)  # whole tiles
    seconds = {
        side: _seconds({name: made(way, side) for name, way in ways.items()}, clock)
        for side in (_SMALL_SAMPLE, large)
    }
    rates = {}
    for name, way in ways.items():
        few, many = (way.units(each, each) for each in seconds)
        fast, slow = (times[name] for times in seconds.values())
        unit = max(0.0, slow - fast) / (many - few)
        rates[name] = max(0.0, fast - unit * few), unit
    return rates


def _seconds(work: dict[str, Callable[[], Tensor]], clock: Clock) -> dict[str, float]:
    """Return the seconds of each, measured by turns, so that a busy moment hits all."""
    best = dict.fromkeys(work, math.inf)
    for turn in range(4):
        for name, make in work.items():
            began = clock()
            make()
            if turn:  # the first one warms up
                best[name] = min(best[name], clock() - began)
    return best
