"""3x3 convolution with frozen filters in fewer multiplications, on the CPU, see `tiles`.

It is made for a few rows of tiles at a time, so that what lies between the stages stays in the
cache, and by threads that each compute blocks of their own.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import torch
from torch import Tensor

from style_transfer.tiles import FILTERS, TILE, convolve_block, room
from style_transfer.workers import buffers, spread

# Tiles of a block of few and of many channels: fewer make thin products, more leave the cache.
TILES_PER_BLOCK = 60, 160
_MANY = 128 * 128  # pairs of channels beyond which products are faster by filters that are turned


@dataclass(frozen=True)
class Filters:
    """Transformed filters."""

    matrices: np.ndarray  # (36, in, out) float32, or turned (36, out, in)
    turned: bool

    @property
    def outs(self) -> int:
        """The number of channels of the result."""
        return self.matrices.shape[1 if self.turned else 2]


def transform_filters(weight: Tensor) -> Filters:
    """Return filters (out, in, 3, 3) transformed.

    Computed in float64, since it is done once and its rounding would be in every step.
    """
    turned = weight[:, :, 0, 0].numel() > _MANY
    taps = weight.permute(2, 3, *((0, 1) if turned else (1, 0)))
    products = torch.kron(FILTERS, FILTERS) @ taps.reshape(9, -1).double()
    return Filters(products.float().view(-1, *taps.shape[2:]).numpy(), turned)


def convolve(
    x: Tensor,
    filters: Filters,
    bias: Tensor | None = None,
    relu: bool = False,
    mask: Tensor | None = None,
) -> Tensor:
    """Return the convolution of x (H, W, C) with `filters`, as (1, K, H, W).

    Zero padding of 1; the result is channels last. With `relu` it is clamped at 0; with a `mask`
    (H, W, C), x counts only where the mask is above 0, as in the gradient of a ReLU.
    """
    (height, width, channels), outs = x.shape, filters.outs
    down, across = -(-height // TILE), -(-width // TILE)  # tiles
    rows, some = _parts(down, across, outs, filters.turned, torch.get_num_threads())
    blocks = list(product(_spans(down, rows), _spans(outs, some)))
    picture = torch.empty((1, outs, height, width), memory_format=torch.channels_last)
    result = picture[0].permute(1, 2, 0).numpy()
    source = x.contiguous().numpy()
    weights = source if mask is None else mask.contiguous().numpy()
    shift = np.zeros(outs, np.float32) if bias is None else bias.numpy()
    least = np.float32(0 if relu else -math.inf)
    sizes = room(rows * across, across, channels, some)

    def work(numbers: Iterator[int]) -> None:
        padded, taps, products = (each.numpy() for each in buffers(*sizes))
        for number in numbers:
            convolve_block(
                *blocks[number],
                source,
                weights,
                mask is not None,
                filters.matrices,
                filters.turned,
                shift,
                least,
                (padded, taps, products),
                result,
            )

    spread(work, range(len(blocks)))
    return picture


def _parts(down: int, across: int, outs: int, turned: bool, threads: int) -> tuple[int, int]:
    """Return how many rows of tiles a block has, and how many channels of the result."""
    tiles = TILES_PER_BLOCK[turned]
    if turned and down * across < tiles * threads:  # thin products would wait for the filters
        return down, -(-outs // threads)
    rows = max(1, tiles // across)
    blocks = -(-down // (rows * threads)) * threads  # as many for each thread
    return -(-down // blocks), outs


def _spans(total: int, size: int) -> list[tuple[int, int]]:
    return [(start, min(start + size, total)) for start in range(0, total, size)]
