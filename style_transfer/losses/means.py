"""Means of many numbers: on a GPU by products of vectors, elsewhere by torch's reductions.

torch reduces many numbers to few in one kernel, for which memory is cleared first. In a recording
of several branches a branch stands still there until the others have nothing left to clear. On a
CPU the products would be less precise: it adds 10^8 numbers one after the other.
"""

from typing import Any

import torch
from torch import Tensor

from style_transfer.devices import CPU

_MOST = 2**30  # numbers of a vector; a GPU's product of two takes fewer than 2^31


def channel_means(flat: Tensor) -> Tensor:
    """Return the means of the rows of (C, N), (C,)."""
    if flat.device.type == CPU:
        return flat.mean(1)
    count = flat.shape[1]
    return flat @ flat.new_full((count,), 1 / count)


def mean_square(x: Tensor) -> Tensor:
    """Return the mean of the squares of all numbers of a tensor, 0-d; differentiable once."""
    result: Tensor = _MeanSquare.apply(x)
    return result


class _MeanSquare(torch.autograd.Function):
    """Its gradient is one product, where autograd makes three passes through memory."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        if x.device.type == CPU:
            return x.square().mean()
        # In the order in which they lie in memory, or they would be copied.
        flat = (x if x.dim() != 4 or x.is_contiguous() else x.permute(0, 2, 3, 1)).flatten()
        first, *others = (torch.dot(each, each) for each in flat.split(_MOST))
        return sum(others, start=first) / x.numel()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return x * (2 / x.numel() * gradient)
