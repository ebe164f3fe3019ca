"""Gradient of a 3x3 convolution of an image with few channels, on the CPU.

A matrix product gives each pixel's share in the gradient of the nine around it, channel by channel;
added where they belong (col2im) these are the gradient. For the first layer's 3 channels that is
fast: what costs there is to read the gradient of 64, done here once and a block at a time.
"""

from collections.abc import Iterator
from functools import cached_property

import torch
import torch.nn.functional as F
from torch import Tensor

from style_transfer.network.aten import write_relu_backward
from style_transfer.network.backend import Backend, Problem, channels_last, through_pooling
from style_transfer.network.thread_pool import ThreadPool

ROWS_PER_BLOCK = 16  # fewer compute more rows twice, more leave the cache; flat from 8 to 32
_PIXELS_PER_BLOCK = 4096  # at least: with fewer, calls take longer than what they compute
_MAX_CHANNELS = 3  # those of an RGB image; a network's other layers have 64 and more


class Col2im(Backend):
    """The gradient alone, as one product with the filters as a matrix."""

    name = "col2im"

    @classmethod
    def supports(cls, problem: Problem) -> bool:
        few = problem.in_channels <= _MAX_CHANNELS
        return problem.one_float32_image_on_cpu and problem.backward and few

    def forward(self, x: Tensor, relu: bool) -> Tensor:
        raise NotImplementedError("col2im computes gradients alone.")

    def backward(self, gradient: Tensor, mask: Tensor | None, share: float = 1.0) -> Tensor:
        rows = channels_last(through_pooling(gradient, mask, share))
        mask = None if mask is None else channels_last(mask)
        return gradient_of_input(rows, self._filters, self._threads, mask, self._padding)

    @cached_property
    def _filters(self) -> Tensor:
        return transform_filters(self._weight)


def transform_filters(weight: Tensor) -> Tensor:
    """Return filters (out, in, 3, 3) as one matrix (in * 9, out)."""
    return weight.flatten(1).T.contiguous()


def gradient_of_input(
    gradient: Tensor,
    filters: Tensor,
    threads: ThreadPool,
    mask: Tensor | None = None,
    padding: int = 1,
) -> Tensor:
    """Return the gradient of x, for that of the convolution's result, (H, W, out).

    It is (1, in, H, W) for a zero padding of 1, and (1, in, H + 2, W + 2) for none. With a `mask`
    (H, W, out), the result's gradient counts only where the mask is above 0.
    """
    border = 1 - padding
    height, width = gradient.shape[0] + 2 * border, gradient.shape[1] + 2 * border
    result = torch.empty((1, len(filters) // 9, height, width))
    count = max(ROWS_PER_BLOCK, _PIXELS_PER_BLOCK // width)

    def work(starts: Iterator[int]) -> None:
        for first in starts:
            rows = slice(first, min(first + count, height))
            _block(gradient, filters, threads, mask, border, rows, result[0, :, rows])

    threads.map_blocks(work, range(0, height, count))
    return result


def _block(
    gradient: Tensor,
    filters: Tensor,
    threads: ThreadPool,
    mask: Tensor | None,
    border: int,
    rows: slice,
    result: Tensor,
) -> None:
    """Write the gradient of some rows to result (in, rows, W + 2 * border)."""
    height, width, outs = gradient.shape
    top, bottom = max(rows.start - border - 1, 0), min(rows.stop - border + 1, height)
    around, pixels = gradient[top:bottom], (bottom - top) * width
    masked, shares = threads.buffers(pixels * outs, pixels * len(filters))
    masked, shares = masked.view(around.shape), shares.view(len(filters), pixels)
    if mask is None:
        masked.copy_(around)
    else:
        write_relu_backward(around, mask[top:bottom], masked)
    torch.mm(filters, masked.view(pixels, outs).T, out=shares)
    size = bottom - top + 2 * border, width + 2 * border
    sums = F.fold(shares.unsqueeze(0), size, kernel_size=3, padding=1 - border)
    result.copy_(sums[0, :, rows.start - top : rows.stop - top])
