"""3x3 convolution in int16, split into int8, on the CPU.

Some CPUs multiply int8 many times faster than floats: with AMX (Intel's for servers since 2023) up
to 32 times. With x = 256 h + l and w = 256 g + f, of high and low bytes, their product is

    65536 h g + 256 (h f + l g) + l f

of which the last term is left out: it is not much larger than the rounding of x and w to int16. So
three int8 products take the place of one of floats. Their sums are exact; altogether the result is
off by 1e-4 of its largest value.
"""

import math
from functools import cache, cached_property

import torch
import torch.nn.functional as F
from torch import Tensor

from style_transfer.network import onednn
from style_transfer.network.aten import relu_backward
from style_transfer.network.backend import Backend, Problem, channels_last, through_pooling

BASE = 256
LARGEST = (BASE // 2 - 1) * (BASE + 1)  # integer of a filter, whose bytes are signed
LEVELS = BASE**2 - 2 * BASE  # of x, whose bytes are unsigned; the rest is for rounding zero up
SMALLEST = 1e-30  # range of x and of filters; the reciprocals of less would overflow
FLOATS_PER_BLOCK = 4_000_000  # bounds memory; a call takes a millisecond whatever its size
_ROUNDER = 1.5 * 2**23  # floats from 2^23 to 2^24 are integers; the last 16 bits of this one are 0
_LAYOUTS = (24, 96)  # px a side; oneDNN's kernels want filters laid out in one of two ways


class Int8Split(Backend):
    """For gradients, and for activations that may be approximate.

    Not for activations that are differentiated: an error of 1e-4 changes the sign of values near 0,
    and so which gradients pass the ReLU. A gradient is linear in its input, so its own error stays
    at 1e-4; style targets are not differentiated.
    """

    name = "int8_split"
    exact = False
    replaces = frozenset({"onednn"})

    @classmethod
    def supports(cls, problem: Problem) -> bool:
        allowed = problem.backward or problem.approximate
        fits = problem.one_float32_image_on_cpu and problem.padding == 1
        return allowed and fits and onednn.has_fast_int8()

    def forward(self, x: Tensor, relu: bool) -> Tensor:
        y = convolve(channels_last(x), self._forward_filters, bias=self._bias)
        return F.relu_(y) if relu else y

    def backward(self, gradient: Tensor, mask: Tensor | None, share: float = 1.0) -> Tensor:
        gradient = channels_last(through_pooling(gradient, mask, share))
        mask = None if mask is None else channels_last(mask)
        return convolve(gradient, self._backward_filters, mask)

    @cached_property
    def _forward_filters(self) -> "Filters":
        return Filters(self._weight)

    @cached_property
    def _backward_filters(self) -> "Filters":
        return Filters(self._weight.flip(2, 3).transpose(0, 1))


class Filters:
    """Filters of one direction, split into int8."""

    def __init__(self, weight: Tensor) -> None:
        """Split filters (out, in, 3, 3)."""
        self.unit = weight.abs().amax((1, 2, 3)).clamp_min(SMALLEST) / LARGEST  # (out,)
        whole = (weight / self.unit.view(-1, 1, 1, 1)).round().int()
        high = (whole + BASE // 2) // BASE
        low = whole - BASE * high
        both = torch.stack((high, low), 2).flatten(1, 2)  # for l and h as they lie in memory
        highs, lows = (each.sum((1, 2, 3)) * self.unit.double() for each in (high, low))
        # The result for an image of zeros where zero is 0 with a low byte of BASE / 2, and what
        # each high byte of zero adds; (out,) in levels of x.
        self.of_zeros = BASE**2 // 2 * highs, BASE**2 * highs + BASE * lows
        split = both.to(torch.int8), high.to(torch.int8)
        self._packed = cache(
            lambda side: [onednn.packed_int8_filters(each, self.unit, side) for each in split]
        )

    def packed(self, height: int, width: int) -> list[Tensor]:
        """Return both bytes alternating, and the high ones, laid out for images of this size."""
        return self._packed(_LAYOUTS[min(height, width) >= 32])


def convolve(
    x: Tensor, filters: Filters, mask: Tensor | None = None, bias: Tensor | None = None
) -> Tensor:
    """Return the convolution of x (H, W, C), padded with zeros, as (1, K, H, W), channels last.

    A bias (K,) is added. With a `mask` (H, W, C), x counts only where the mask is above 0, as in
    the gradient of a ReLU. Near a value of x that is not finite, some rows are NaN.
    """
    (height, width, channels), outs = x.shape, len(filters.unit)
    image = torch.empty((1, outs, height, width), memory_format=torch.channels_last)
    result = image[0].permute(1, 2, 0)
    rows = max(1, FLOATS_PER_BLOCK // (width * max(channels, outs)))
    for first in range(0, height, rows):
        top, bottom = max(first - 1, 0), min(first + rows + 1, height)
        block = x[top:bottom]
        if mask is not None:
            block = relu_backward(block, mask[top:bottom])
        _convolve(block, top - (first - 1), filters, bias, result[first : first + rows])
    return image


def _convolve(
    block: Tensor, above: int, filters: Filters, bias: Tensor | None, result: Tensor
) -> None:
    """Write the convolution of some rows, above which `above` are zeros, to result (rows, W, K)."""
    least, most = (each.item() for each in block.reshape(-1).aminmax())
    if least == most == 0 or not math.isfinite(least) or not math.isfinite(most):
        result.fill_(least - most)  # NaN where one of them is
        if bias is not None:
            result += bias
        return
    least, most = min(least, 0.0), max(most, 0.0)
    unit = max(most - least, SMALLEST) / LEVELS
    zero = math.ceil(-least / unit / BASE)  # the high byte of 0, its low one being BASE / 2
    both, high = _split(block, above, len(result) + 2, unit, BASE * zero + BASE // 2)
    of_low, of_each_high = filters.of_zeros
    offset = (-unit * (of_low + zero * of_each_high)).float()
    if bias is not None:
        offset += bias
    by_both, by_high = filters.packed(*block.shape[:2])
    one = onednn.int8_convolution(both, by_both, BASE * unit, filters.unit)
    two = onednn.int8_convolution(high, by_high, BASE**2 * unit, filters.unit, offset)
    torch.add(*(each[0].permute(1, 2, 0) for each in (one, two)), out=result)


def _split(block: Tensor, above: int, rows: int, unit: float, zero: int) -> tuple[Tensor, Tensor]:
    """Return the integers x / unit + zero, within a border of zeros: low and high bytes
    alternating, (1, 2 C, rows, W + 2), and the high ones alone.
    """
    height, width, channels = block.shape
    numbers = torch.empty((rows, width + 2, channels), dtype=torch.int16)
    border = zero if zero < BASE**2 // 2 else zero - BASE**2  # the same bits
    numbers[:above] = numbers[above + height :] = numbers[:, 0] = numbers[:, -1] = border
    shifted = torch.add(torch.tensor(_ROUNDER + zero), block, alpha=1 / unit)
    numbers[above : above + height, 1:-1] = shifted.view(torch.int32)  # their last 16 bits
    both = numbers.view(torch.uint8)
    return _channels_first(both), _channels_first(both[..., 1::2].contiguous())


def _channels_first(x: Tensor) -> Tensor:
    return x.permute(2, 0, 1).unsqueeze(0)  # (H, W, C) -> (1, C, H, W), a view
