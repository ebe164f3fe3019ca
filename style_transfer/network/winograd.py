"""Winograd convolution F(4 x 4, 3 x 3) on the CPU: a quarter of the multiplications.

It is computed for a few rows of tiles at a time, so that what lies between its stages stays in the
cache, and by threads that each compute blocks of their own. For the stages see `winograd_kernels`.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import product

import numpy as np
import torch
from torch import Tensor

from style_transfer.network.backend import Backend, Problem, channels_last
from style_transfer.network.thread_limits import blas_architectures, single_threaded_blas
from style_transfer.network.thread_pool import ThreadPool
from style_transfer.network.winograd_kernels import (
    FILTER_TRANSFORM,
    TILE,
    convolve_block,
    workspace_sizes,
)

GROUP = 64  # channels of the result whose filters lie together
MIN_CHANNELS = 64  # with fewer it has not been the fastest


class Winograd(Backend):
    """F(4 x 4, 3 x 3). The gradient is the convolution with the filters rotated by 180 degrees."""

    name = "winograd"

    @classmethod
    def supports(cls, problem: Problem) -> bool:
        many = min(problem.in_channels, problem.out_channels) >= MIN_CHANNELS
        return problem.one_float32_image_on_cpu and problem.padding == 1 and many

    @staticmethod
    def work_units(height: int, width: int) -> int:
        return math.ceil(height / TILE) * math.ceil(width / TILE)

    def forward(self, x: Tensor, relu: bool) -> Tensor:
        return convolve(channels_last(x), self._forward_filters, self._threads, self._bias, relu)

    def backward(self, gradient: Tensor, mask: Tensor | None, share: float = 1.0) -> Tensor:
        mask = None if mask is None else channels_last(mask)
        filters, threads = self._backward_filters, self._threads
        return convolve(channels_last(gradient), filters, threads, mask=mask, share=share)

    @cached_property
    def _forward_filters(self) -> np.ndarray:
        return transform_filters(self._weight)

    @cached_property
    def _backward_filters(self) -> np.ndarray:
        return transform_filters(self._weight.flip(2, 3).transpose(0, 1))


@dataclass(frozen=True)
class BlockLimits:
    """How large blocks and the matrix products in them are."""

    tiles: int  # of a block: fewer make thin products, more leave the cache
    product: float | None = None  # multiplications of one by BLAS; None: by our kernel


@cache
def fastest_limits() -> BlockLimits:
    """Return the limits that are fastest on this CPU.

    OpenBLAS packs matrices before it multiplies them, which can take as long as the product. On
    CPUs with AVX-512 it leaves that out for products of up to a million multiplications, if the
    second matrix is not transposed. Small products are then as fast as large ones, and that of 30
    tiles with 512 channels is one of them.
    """
    unpacked = {"SkylakeX", "Cooperlake", "SapphireRapids"}  # as OpenBLAS calls these CPUs
    return BlockLimits(30, 1e6) if blas_architectures() & unpacked else BlockLimits(64)


def transform_filters(weight: Tensor) -> np.ndarray:
    """Return filters (out, in, 3, 3) transformed, (36, groups, in, n) with out = groups * n.

    Computed in float64, since it is done once and its rounding would be in every step.
    """
    outs, ins = weight.shape[:2]
    n = GROUP if outs % GROUP == 0 else outs
    transform = torch.kron(FILTER_TRANSFORM, FILTER_TRANSFORM)
    result = torch.empty(len(transform), outs // n, ins, n)
    for group, filters in enumerate(weight.split(n)):
        taps = filters.double().permute(2, 3, 1, 0).reshape(9, -1)
        result[:, group] = (transform @ taps).view(-1, ins, n)
    return result.numpy()


def convolve(
    x: Tensor,
    filters: np.ndarray,
    threads: ThreadPool,
    bias: Tensor | None = None,
    relu: bool = False,
    mask: Tensor | None = None,
    share: float = 1.0,
) -> Tensor:
    """Return the convolution of x (H, W, C) with transformed filters, as (1, K, H, W).

    Zero padding of 1; the result is channels last. With `relu` it is clamped at 0; with a `mask`
    (H, W, C), x counts only where the mask is above 0, as in the gradient of a ReLU, and can be
    (H // 2, W // 2, C): each of 2 x 2 positions has a `share` of it, as in that of pooling.
    """
    limits = fastest_limits()
    height, width, channels = (x if mask is None else mask).shape
    _, groups, _, n = filters.shape
    down, across, outs = -(-height // TILE), -(-width // TILE), groups * n
    rows, some = _block_size(down, across, groups, torch.get_num_threads(), limits.tiles)
    blocks = list(product(_spans(down, rows), _spans(groups, some)))
    image = torch.empty((1, outs, height, width), memory_format=torch.channels_last)
    result = image[0].permute(1, 2, 0).numpy()
    source = x.contiguous().numpy()
    weights = np.empty((0, 0, 0), np.float32) if mask is None else mask.contiguous().numpy()
    shift = np.zeros(outs, np.float32) if bias is None else bias.numpy()
    least = np.float32(0 if relu else -math.inf)
    sizes = workspace_sizes(rows * across, across, channels, some * n)
    tiles_per_product = 0
    if limits.product:
        products = math.ceil(rows * across * channels * n / limits.product)
        tiles_per_product = math.ceil(rows * across / products)

    def work(numbers: Iterator[int]) -> None:
        space = tuple(each.numpy() for each in threads.buffers(*sizes))
        for number in numbers:
            convolve_block(
                *blocks[number],
                source,
                weights,
                np.float32(share),
                filters,
                tiles_per_product,
                shift,
                least,
                space,
                result,
            )

    with single_threaded_blas:
        threads.map_blocks(work, range(len(blocks)))
    return image


def _block_size(down: int, across: int, groups: int, threads: int, tiles: int) -> tuple[int, int]:
    """Return how many rows of tiles a block has, and how many groups of channels of the result."""
    if groups >= threads and down * across < tiles * threads:
        return down, -(-groups // threads)  # each thread then reads its part of the filters alone
    rows = max(1, tiles // across)
    blocks = -(-down // (rows * threads)) * threads  # as many for each thread
    return -(-down // blocks), groups


def _spans(total: int, size: int) -> list[tuple[int, int]]:
    return [(start, min(start + size, total)) for start in range(0, total, size)]
