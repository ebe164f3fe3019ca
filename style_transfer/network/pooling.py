"""Pooling over 2 x 2 positions, by averages or maxima, as torch computes it.

torch keeps the place of each maximum as an int64, twice the memory of the activation that it is of,
and reads it back for the gradient. Here it is found again where the gradient is needed: the place
is the first of the four, in the order in which they are read, that has the maximum.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from style_transfer.network.jit import compiled
from style_transfer.network.thread_pool import ThreadPool

POOLINGS = ("average", "max")
SHARES = {"average": 0.25, "max": 1.0}  # what places that count get of the gradient of one result
_FLOATS_PER_BLOCK = 200_000  # of the input; enough to outweigh what a block costs
_ZERO = np.float32(0)
_at = np.uintp  # an unsigned index saves numba the branch for counting from the end


def pool(x: Tensor, pooling: str, threads: ThreadPool) -> Tensor:
    """Return averages or maxima (B, C, H // 2, W // 2) of x (B, C, H, W), differentiable."""
    if pooling == "average":
        if x.device.type == "cpu":
            return F.avg_pool2d(x, 2)
        mean: Tensor = _AveragePool.apply(x)
        return mean
    one_on_cpu = x.device.type == "cpu" and len(x) == 1 and x.dtype == torch.float32
    if not one_on_cpu or min(x.shape[2:]) < 2:  # torch refuses the latter
        return F.max_pool2d(x, 2)
    result: Tensor = _MaxPool.apply(x.contiguous(memory_format=torch.channels_last), threads)
    return result


def pool_to_mask(x: Tensor, pooling: str, threads: ThreadPool) -> Tensor:
    """Return averages or maxima of x, and make x the mask of `Backend.backward`.

    x (1, C, H, W) is float32 of at least 0, channels last, on the CPU. For maxima all its other
    values are set to 0.
    """
    if pooling == "average":
        return F.avg_pool2d(x, 2)
    return _by_rows(_pool_and_mask, x, _empty_pooled(x), threads)


class _AveragePool(torch.autograd.Function):
    """The averages, as means of a view whose gradient is a copy.

    torch's operator and its gradient take four times and twice as long on a GPU.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.size = x.shape
        return _windows(x).mean((2, 4)).permute(0, 3, 1, 2)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        height, width = gradient.shape[2:]
        result = torch.empty(
            ctx.size,
            dtype=gradient.dtype,
            device=gradient.device,
            memory_format=torch.channels_last,
        )
        result[:, :, 2 * height :] = 0  # rows and columns outside all windows
        result[:, :, :, 2 * width :] = 0
        shares = (0.25 * gradient).permute(0, 2, 3, 1)
        _windows(result).copy_(shares[:, :, None, :, None])
        return result


def _windows(x: Tensor) -> Tensor:
    """Return what is pooled of x (B, C, H, W), a view (B, H // 2, 2, W // 2, 2, C)."""
    height, width = x.shape[2] // 2, x.shape[3] // 2
    rows = x.permute(0, 2, 3, 1)[:, : 2 * height, : 2 * width]
    return rows.unflatten(1, (height, 2)).unflatten(3, (width, 2))


class _MaxPool(torch.autograd.Function):
    """The maxima of a channels-last image on the CPU."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, threads: ThreadPool) -> Tensor:
        ctx.threads = threads
        ctx.save_for_backward(x)
        return _by_rows(_pool, x, _empty_pooled(x), threads)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (x,) = ctx.saved_tensors
        result = torch.empty_like(x)
        result[:, :, x.shape[2] // 2 * 2 :] = 0  # rows and columns outside all windows
        result[:, :, :, x.shape[3] // 2 * 2 :] = 0
        gradient = gradient.contiguous(memory_format=torch.channels_last)
        _by_rows(_unpool, x, gradient, ctx.threads, result)
        return result, None


def _empty_pooled(x: Tensor) -> Tensor:
    _, channels, height, width = x.shape
    size = 1, channels, height // 2, width // 2
    return torch.empty(size, memory_format=torch.channels_last)


def _by_rows(
    kernel: Callable[..., None], x: Tensor, pooled: Tensor, threads: ThreadPool, *more: Tensor
) -> Tensor:
    """Call a kernel for blocks of rows of `pooled`, with all as (H, W, C) arrays; return it."""
    images = [each.detach()[0].permute(1, 2, 0).numpy() for each in (x, pooled, *more)]
    height = pooled.shape[2]
    rows = max(1, _FLOATS_PER_BLOCK // max(1, 2 * x.shape[1] * x.shape[3]))

    def work(starts: Iterator[int]) -> None:
        for first in starts:
            kernel(first, min(first + rows, height), *images)

    threads.map_blocks(work, range(0, height, rows))
    return pooled


# In the kernels, each loop over channels writes one array: with more numba does not vectorise them.


@compiled
def _pool(first: int, end: int, x: Any, pooled: Any) -> None:
    """Write the maxima of x (H, W, C) to rows of pooled (H // 2, W // 2, C)."""
    values, maxima = x.reshape(-1), pooled.reshape(-1)
    width, channels = pooled.shape[1], pooled.shape[2]
    for row in range(first, end):
        for column in range(width):
            a = (2 * row * x.shape[1] + 2 * column) * channels
            b, d = a + channels, a + x.shape[1] * channels
            _maxima(
                values, (a, b, d, d + channels), maxima, (row * width + column) * channels, channels
            )


@compiled
def _pool_and_mask(first: int, end: int, x: Any, pooled: Any) -> None:
    """Do as `_pool`, and set to 0 what is not the first maximum of its four."""
    values, maxima = x.reshape(-1), pooled.reshape(-1)
    width, channels = pooled.shape[1], pooled.shape[2]
    for row in range(first, end):
        for column in range(width):
            a = (2 * row * x.shape[1] + 2 * column) * channels
            b, d = a + channels, a + x.shape[1] * channels
            e, into = d + channels, (row * width + column) * channels
            _maxima(values, (a, b, d, e), maxima, into, channels)
            for c in range(channels):
                most, value = maxima[_at(into + c)], values[_at(a + c)]
                values[_at(a + c)] = value if value == most else _ZERO
            # A maximum of 0 may be found twice, since 0 is also what is left of others.
            for c in range(channels):
                most, value = maxima[_at(into + c)], values[_at(b + c)]
                earlier = values[_at(a + c)] == most
                values[_at(b + c)] = value if (value == most) & (not earlier) else _ZERO
            for c in range(channels):
                most, value = maxima[_at(into + c)], values[_at(d + c)]
                earlier = (values[_at(a + c)] == most) | (values[_at(b + c)] == most)
                values[_at(d + c)] = value if (value == most) & (not earlier) else _ZERO
            for c in range(channels):
                most, value = maxima[_at(into + c)], values[_at(e + c)]
                earlier = (values[_at(a + c)] == most) | (values[_at(b + c)] == most)
                earlier = earlier | (values[_at(d + c)] == most)
                values[_at(e + c)] = value if (value == most) & (not earlier) else _ZERO


@compiled
def _unpool(first: int, end: int, x: Any, gradient: Any, result: Any) -> None:
    """Write rows of the gradient (H // 2, W // 2, C) of the maxima of x (H, W, C) to result."""
    values, given, into = x.reshape(-1), gradient.reshape(-1), result.reshape(-1)
    width, channels = gradient.shape[1], gradient.shape[2]
    for row in range(first, end):
        for column in range(width):
            a = (2 * row * x.shape[1] + 2 * column) * channels
            b, d = a + channels, a + x.shape[1] * channels
            e, here = d + channels, (row * width + column) * channels
            _maxima(values, (a, b, d, e), into, e, channels)  # for the loops that follow
            for c in range(channels):
                first_is = values[_at(a + c)] == into[_at(e + c)]
                into[_at(a + c)] = given[_at(here + c)] if first_is else _ZERO
            for c in range(channels):
                most = into[_at(e + c)]
                is_it = (values[_at(b + c)] == most) & (values[_at(a + c)] != most)
                into[_at(b + c)] = given[_at(here + c)] if is_it else _ZERO
            for c in range(channels):
                most = into[_at(e + c)]
                earlier = (values[_at(a + c)] == most) | (values[_at(b + c)] == most)
                is_it = (values[_at(d + c)] == most) & (not earlier)
                into[_at(d + c)] = given[_at(here + c)] if is_it else _ZERO
            for c in range(channels):
                most = into[_at(e + c)]
                earlier = (values[_at(a + c)] == most) | (values[_at(b + c)] == most)
                earlier = earlier | (values[_at(d + c)] == most)
                into[_at(e + c)] = _ZERO if earlier else given[_at(here + c)]


@compiled
def _maxima(
    values: Any, places: tuple[int, int, int, int], maxima: Any, into: int, channels: int
) -> None:
    """Write the maxima of values from four places on to where `into` says. NaN is the largest."""
    a, b, d, e = places
    for c in range(channels):
        one, two = values[_at(a + c)], values[_at(b + c)]
        three, four = values[_at(d + c)], values[_at(e + c)]
        upper = one if one >= two or one != one else two
        lower = three if three >= four or three != three else four
        maxima[_at(into + c)] = upper if upper >= lower or upper != upper else lower
