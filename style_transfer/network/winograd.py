"""3x3 convolution with frozen filters in fewer multiplications, on the CPU, see `tiles`.

It is made for a few rows of tiles at a time, so that what lies between the stages stays in the
cache, and by threads that each compute blocks of their own.
"""

import math
from collections.abc import Iterator
from itertools import product

import numpy as np
import torch
from torch import Tensor

from style_transfer.network.jit import LARGEST_DIRECT_PRODUCT
from style_transfer.network.thread_pool import buffers, spread
from style_transfer.network.winograd_kernels import FILTERS, TILE, convolve_block, room

GROUP = 64  # channels of the result whose filters lie together
# Tiles of a block: fewer make thin products, more leave the cache. Small products are as fast as
# large ones where they need no preparation, and each of 30 tiles with 512 channels is one of those.
TILES_PER_BLOCK = 96 if math.isinf(LARGEST_DIRECT_PRODUCT) else 30


def transform_filters(weight: Tensor) -> np.ndarray:
    """Return filters (out, in, 3, 3) transformed, (36, groups, in, n) with out = groups * n.

    Computed in float64, since it is done once and its rounding would be in every step.
    """
    outs, ins = weight.shape[:2]
    n = GROUP if outs % GROUP == 0 else outs
    transform = torch.kron(FILTERS, FILTERS)
    result = torch.empty(len(transform), outs // n, ins, n)
    for group, filters in enumerate(weight.split(n)):
        taps = filters.double().permute(2, 3, 1, 0).reshape(9, -1)
        result[:, group] = (transform @ taps).view(-1, ins, n)
    return result.numpy()


def convolve(
    x: Tensor,
    filters: np.ndarray,
    bias: Tensor | None = None,
    relu: bool = False,
    mask: Tensor | None = None,
) -> Tensor:
    """Return the convolution of x (H, W, C) with `filters`, as (1, K, H, W).

    Zero padding of 1; the result is channels last. With `relu` it is clamped at 0; with a `mask`
    (H, W, C), x counts only where the mask is above 0, as in the gradient of a ReLU, and can be
    (H // 2, W // 2, C), as in that of averages over 2 x 2 after it.
    """
    height, width, channels = (x if mask is None else mask).shape
    _, groups, _, n = filters.shape
    down, across, outs = -(-height // TILE), -(-width // TILE), groups * n
    rows, some = _parts(down, across, groups, torch.get_num_threads())
    blocks = list(product(_spans(down, rows), _spans(groups, some)))
    picture = torch.empty((1, outs, height, width), memory_format=torch.channels_last)
    result = picture[0].permute(1, 2, 0).numpy()
    source = x.contiguous().numpy()
    weights = np.empty((0, 0, 0), np.float32) if mask is None else mask.contiguous().numpy()
    shift = np.zeros(outs, np.float32) if bias is None else bias.numpy()
    least = np.float32(0 if relu else -math.inf)
    sizes = room(rows * across, across, channels, some * n)
    pieces = math.ceil(rows * across * channels * n / LARGEST_DIRECT_PRODUCT) or 1
    at_once = math.ceil(rows * across / pieces)

    def work(numbers: Iterator[int]) -> None:
        padded, taps, products = (each.numpy() for each in buffers(*sizes))
        for number in numbers:
            convolve_block(
                *blocks[number],
                source,
                weights,
                filters,
                at_once,
                shift,
                least,
                (padded, taps, products),
                result,
            )

    spread(work, range(len(blocks)))
    return picture


def _parts(down: int, across: int, groups: int, threads: int) -> tuple[int, int]:
    """Return how many rows of tiles a block has, and how many groups of channels of the result."""
    if groups >= threads and down * across < TILES_PER_BLOCK * threads:
        return down, -(-groups // threads)  # each thread then fetches its part of the filters alone
    rows = max(1, TILES_PER_BLOCK // across)
    blocks = -(-down // (rows * threads)) * threads  # as many for each thread
    return -(-down // blocks), groups


def _spans(total: int, size: int) -> list[tuple[int, int]]:
    return [(start, min(start + size, total)) for start in range(0, total, size)]
