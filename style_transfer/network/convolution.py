"""Convolution: a frozen 3x3 convolution that takes the fastest way on the machine at hand."""

import math
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from style_transfer.network.backends import WAYS, Direct, direct
from style_transfer.network.thread_pool import alone
from style_transfer.network.winograd_kernels import TILE

_SAMPLE_MACS = 3e8  # about 6 ms of direct convolution on one core, for one measurement
_FAR = 1.5  # times another's seconds: no doubt then which is faster
_COLORS = 3  # channels of a picture, for which columns are
_MANY = 64  # channels from which tiles have been the fastest
_SMALL_SAMPLE = 12  # px a side, where what a call costs whatever its size is most of it
_LARGE_SAMPLE = 24, 240  # px a side: less makes thin products of few tiles, more tells the same

# Seconds of a call and of each tile (each pixel where there are none) by layer shape and way,
# measured when a shape is first met. Plain data: a saved run takes it along, so that it goes on bit
# for bit.
Rates = dict[str, tuple[float, float]]
RATES: dict[str, Rates] = {}
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

    def forward(
        self, x: Tensor, relu: bool = False, rough: bool = False, pool: bool = False
    ) -> Tensor:
        """Return (1, out, H, W) for x (1, in, H, W), clamped at 0 with `relu`.

        Where it is `rough` it may err by 1e-4 of its largest value, unless x needs a gradient. With
        `pool`, for which it has to be clamped, averages over 2 x 2 come out, (1, out, H/2, W/2).
        """
        if self.padding == "replicate":
            x = F.pad(x, (1, 1, 1, 1), mode="replicate")
        if x.device.type != "cpu" or x.dtype != torch.float32 or x.shape[0] != 1:
            y = direct(x, self.weight, self.bias, relu, self._zeros)
            return F.avg_pool2d(y, 2) if pool else y
        size = x.shape[2], x.shape[3]
        # Digits are as fast in this direction as in the other.
        if rough and not x.requires_grad and self.fastest(*size, True) == "digits":
            y = self.way("digits").forward(x, relu)
            return F.avg_pool2d(y, 2) if pool else y
        way = self.way(self.fastest(*size))
        backward = self.way(self.fastest(*size, True)) if x.requires_grad else way
        result: Tensor = _Convolve.apply(x, way, backward, relu, pool)
        return result

    def fastest(self, height: int, width: int, backward: bool = False) -> str:
        """Return the name of the fastest way for a picture of this size, or for its gradient."""
        outs, ins = self.weight.shape[:2]
        names = candidates(ins, outs, backward, self._zeros)
        key = f"{ins}-{outs}{'-backward' * backward}"
        if not _known(key):
            with _measuring:
                if not _known(key):
                    RATES[key] = alone(lambda: self._measured(names, backward))
        rates = RATES[key]

        def seconds(name: str) -> float:
            call, unit = rates[name]
            return call + unit * WAYS[name].units(height, width)

        return min(rates, key=seconds)

    def way(self, name: str) -> Direct:
        """Return one of WAYS with these filters."""
        way = self._ways.get(name)  # another thread may measure, and replace all
        if way is None:
            way = self._ways[name] = WAYS[name](self.weight, self.bias, self._zeros)
        return way

    @torch.no_grad()
    def _measured(self, names: Sequence[str], backward: bool) -> Rates:
        """Return the rates by the CPU time of one thread, which other work does not hold up."""
        outs, ins = self.weight.shape[:2]
        if len(names) == 1:
            return {names[0]: (0.0, 0.0)}
        before = dict(self._ways)
        ways = {name: self.way(name) for name in names}

        def work(side: int) -> dict[str, Callable[[], Tensor]]:
            x = torch.rand(1, outs if backward else ins, side, side)
            x = x.contiguous(memory_format=torch.channels_last)
            if backward:
                return {name: partial(way.backward, x, x) for name, way in ways.items()}
            return {name: partial(way.forward, x, relu=True) for name, way in ways.items()}

        side, (least, most) = math.isqrt(int(_SAMPLE_MACS / (9 * ins * outs))), _LARGE_SAMPLE
        large = min(max(least, side - side % TILE), most)
        seconds = {side: _seconds(work(side)) for side in (_SMALL_SAMPLE, large)}
        rates = {}
        for name, way in ways.items():
            few, many = (way.units(each, each) for each in seconds)
            fast, slow = (times[name] for times in seconds.values())
            unit = max(0.0, slow - fast) / (many - few)
            rates[name] = max(0.0, fast - unit * few), unit
        used = min(names, key=seconds[large].__getitem__)
        # Filters laid out for what is never used would only take memory.
        self._ways = before | {used: ways[used]}
        return rates

    @property
    def _zeros(self) -> int:
        return 0 if self.padding == "replicate" else 1

    def way_bytes(self) -> int:
        """Return the memory that the ways in use take, beside the weight's own."""
        return sum(way.bytes() for way in self._ways.values())


class _Convolve(torch.autograd.Function):
    """The convolution by one of WAYS, with the gradient of x alone, by the same or another.

    ReLU and pooling are part of it, since their gradients would be pictures of full size each.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, way: Direct, backward: Direct, relu: bool, pool: bool
    ) -> Tensor:
        y = way.forward(x, relu)
        ctx.way = backward
        ctx.save_for_backward(y if relu else None)
        return F.avg_pool2d(y, 2) if pool else y

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None, None]:
        (mask,) = ctx.saved_tensors
        return ctx.way.backward(gradient, mask), None, None, None, None


def candidates(ins: int, outs: int, backward: bool = False, zeros: int = 1) -> list[str]:
    """Return the names of the ways that may be the fastest for layers of these channels."""
    if ins == _COLORS:
        return ["direct", "columns"] if backward else ["direct"]
    if not zeros:
        return ["direct"]
    left = WAYS.keys() - {"columns"}
    if min(ins, outs) < _MANY:
        left -= {"F(4x4)"}
    # Digits are for gradients, and faster there than packed filters; these are faster than torch's
    # own, whose kernels they share.
    left -= {"packed"} if backward and "digits" in WAYS else {"digits"}
    left -= {"direct"} if "packed" in left else set()
    return [name for name in WAYS if name in left]


def _known(key: str) -> bool:
    return key in RATES and RATES[key].keys() <= WAYS.keys()  # a saved run may bring other ways


def _seconds(work: dict[str, Callable[[], Tensor]]) -> dict[str, float]:
    """Return the seconds of each, measured by turns, so that a busy moment hits all.

    What takes longer than another by far has its turn once.
    """
    best = dict.fromkeys(work, math.inf)
    for make in work.values():
        make()  # lays out the filters
    for _ in range(3):
        for name, make in work.items():
            if best[name] == math.inf or best[name] <= _FAR * min(best.values()):
                began = time.thread_time()
                make()
                best[name] = min(best[name], time.thread_time() - began)
    return best
