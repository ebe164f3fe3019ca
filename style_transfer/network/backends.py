"""Ways to compute a frozen 3x3 convolution: torch's own, packed filters, fewer multiplications.

Each is made from weight (out, in, 3, 3) and bias (out,) and works on one float32 picture, padded
with zeros or, those for the channels of a picture, not at all. They differ in speed from machine to
machine, and in rounding.
"""

import math
from functools import cached_property

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.grad import conv2d_input

from style_transfer.network import col2im, int8_split, onednn
from style_transfer.network.winograd import convolve, transform_filters
from style_transfer.network.winograd_kernels import NODES, TILE


class Direct:
    """torch's own convolution, on any device and of any type."""

    floats: float = 0  # for each pair of channels, of filters in both directions

    def __init__(self, weight: Tensor, bias: Tensor, zeros: int = 1) -> None:
        """Take how many rows of `zeros` there are around a picture; all know 1, few 0."""
        self._weight, self._bias, self._zeros = weight, bias, zeros

    def forward(self, x: Tensor, relu: bool) -> Tensor:
        """Return (1, out, H, W) for x (1, in, H, W), clamped at 0 with `relu`."""
        return direct(x, self._weight, self._bias, relu, self._zeros)

    def backward(self, gradient: Tensor, mask: Tensor | None) -> Tensor:
        """Return the gradient of x for that of the result, which counts where the mask is > 0.

        Where it is smaller than the mask, it is the gradient of averages over 2 x 2 of the result.
        """
        gradient = _masked(gradient, mask)
        height, width = (side + 2 * (1 - self._zeros) for side in gradient.shape[2:])
        shape = 1, self._weight.shape[1], height, width
        return conv2d_input(shape, self._weight, gradient, padding=self._zeros)

    @staticmethod
    def units(height: int, width: int) -> int:
        """Return what the time for a picture of this size is proportional to."""
        return height * width

    def bytes(self) -> int:
        """Return the memory that its filters take beside the weight's own."""
        return round(self.floats * self._weight.shape[0] * self._weight.shape[1] * 4)


class Packed(Direct):
    """torch's own convolution with filters laid out for its kernels once, not at each call.

    Its gradient is the convolution with the filters turned round. Small pictures gain most.
    """

    floats = 2 * 9

    @cached_property
    def _forward(self) -> Tensor:
        return onednn.packed_filters(self._weight)

    @cached_property
    def _backward(self) -> Tensor:
        return onednn.packed_filters(self._weight.flip(2, 3).transpose(0, 1))

    def forward(self, x: Tensor, relu: bool) -> Tensor:
        y = onednn.convolution(x, self._forward, self._bias)
        return F.relu_(y) if relu else y

    def backward(self, gradient: Tensor, mask: Tensor | None) -> Tensor:
        return onednn.convolution(_masked(gradient, mask), self._backward, None)


class Columns(Direct):
    """The gradient alone, as one product with the filters as a matrix, see `columns`."""

    floats = 9

    @cached_property
    def _backward(self) -> Tensor:
        return col2im.transform_filters(self._weight)

    def backward(self, gradient: Tensor, mask: Tensor | None) -> Tensor:
        gradient, mask = _enlarged(gradient, mask), None if mask is None else _last(mask)
        return col2im.gradient_of_input(_last(gradient), self._backward, mask, self._zeros)


class Winograd(Direct):
    """F(4 x 4, 3 x 3), see `winograd`."""

    floats = 2 * NODES**2

    @cached_property
    def _forward(self) -> np.ndarray:
        return transform_filters(self._weight)

    @cached_property
    def _backward(self) -> np.ndarray:
        return transform_filters(self._weight.flip(2, 3).transpose(0, 1))

    def forward(self, x: Tensor, relu: bool) -> Tensor:
        return convolve(_last(x), self._forward, self._bias, relu)

    def backward(self, gradient: Tensor, mask: Tensor | None) -> Tensor:
        mask = None if mask is None else _last(mask)
        return convolve(_last(gradient), self._backward, mask=mask)

    @staticmethod
    def units(height: int, width: int) -> int:
        return math.ceil(height / TILE) * math.ceil(width / TILE)


class Digits(Direct):
    """Whole numbers of 16 bits, taken apart into bytes, for gradients and targets, see `digits`.

    Not for what a gradient is taken of: there an error of 1e-4 would move values near 0 across it,
    and the ReLU of each would let through what it should hold back. A gradient is linear, and errs
    no more; a statistic of a painting has no gradient.
    """

    floats = 2 * 9 * 3 / 4  # three bytes for each weight

    @cached_property
    def _forward(self) -> int8_split.Filters:
        return int8_split.Filters(self._weight)

    @cached_property
    def _backward(self) -> int8_split.Filters:
        return int8_split.Filters(self._weight.flip(2, 3).transpose(0, 1))

    def forward(self, x: Tensor, relu: bool) -> Tensor:
        y = int8_split.convolve(_last(x), self._forward, bias=self._bias)
        return F.relu_(y) if relu else y

    def backward(self, gradient: Tensor, mask: Tensor | None) -> Tensor:
        gradient, mask = _enlarged(gradient, mask), None if mask is None else _last(mask)
        return int8_split.convolve(_last(gradient), self._backward, mask)


WAYS: dict[str, type[Direct]] = {"direct": Direct, "columns": Columns, "F(4x4)": Winograd}
if onednn.AVAILABLE:
    WAYS |= {"packed": Packed}
if onednn.MULTIPLIES_BYTES:
    WAYS |= {"digits": Digits}


def direct(x: Tensor, weight: Tensor, bias: Tensor, relu: bool, zeros: int) -> Tensor:
    """Return torch's own convolution, clamped at 0 with `relu`."""
    # Channels last, as torch's kernels like it best on CPUs with AVX2 and on recent GPUs.
    y = F.conv2d(x.contiguous(memory_format=torch.channels_last), weight, bias, padding=zeros)
    return F.relu_(y) if relu else y


def _masked(gradient: Tensor, mask: Tensor | None) -> Tensor:
    if mask is None:
        return gradient
    return torch.ops.aten.threshold_backward(_enlarged(gradient, mask), mask, 0)


def _enlarged(gradient: Tensor, mask: Tensor | None) -> Tensor:
    """Return the gradient at the size of the mask, if that of averages over 2 x 2 is given."""
    if mask is None or mask.shape == gradient.shape:
        return gradient
    pairs, none = [2, 2], [0, 0]
    return torch.ops.aten.avg_pool2d_backward(gradient, mask, pairs, pairs, none, False, True, None)


def _last(x: Tensor) -> Tensor:
    return x.detach()[0].permute(1, 2, 0)  # (1, C, H, W) -> (H, W, C), a view
