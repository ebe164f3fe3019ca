"""Compiled kernels of the Winograd convolution F(4 x 4, 3 x 3).

Four outputs of a 3-tap convolution come from 6 products, where 12 are usual: inputs and filters are
polynomials, evaluated at 6 points ("nodes") and multiplied there; the outputs are interpolated. In
two dimensions 36 products make a tile of 16 outputs, instead of 144. Toom 1963, Cook 1966, Winograd
1980; for images Lavin and Gray 2015, "Fast Algorithms for Convolutional Neural Networks".

Channels lie innermost, since each transform does the same to all of them: the loops vectorise over
channels and read and write each number once.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from style_transfer.network.jit import compiled
from style_transfer.network.product_kernels import WIDTH, multiply

TILE = 4  # outputs on a side
NODES = TILE + 2  # inputs on a side, and evaluation points
# Infinity is the sixth. The relative error is 6e-7, half that of the usual 0, 1, -1, 2, -2; direct
# convolution has 3e-7.
_POINTS = (0.0, 1.5, -1.5, 2 / 3, -2 / 3)


def _transforms() -> tuple[Tensor, Tensor, Tensor]:
    """Return F, I, O so that O @ ((F @ taps) * (I @ x)) is the convolution of x with the taps.

    They are (NODES, 3), (NODES, NODES) and (TILE, NODES) float64. Their rows are scaled to equal
    norms, which keeps rounding errors small.
    """
    filters, inputs, outputs = (
        torch.zeros(NODES, k, dtype=torch.float64) for k in (3, NODES, TILE)
    )
    for i, p in enumerate(_POINTS):
        others = [q for q in _POINTS if q != p]
        filters[i] = torch.tensor([p**k for k in range(3)], dtype=torch.float64)
        inputs[i, :-1] = _polynomial(others) / math.prod(p - q for q in others)
        outputs[i] = torch.tensor([p**k for k in range(TILE)], dtype=torch.float64)
    filters[-1, -1] = outputs[-1, -1] = 1
    inputs[-1] = _polynomial(_POINTS)
    norms = [matrix.norm(dim=1, keepdim=True) for matrix in (filters, inputs, outputs)]
    mean = math.prod(norms) ** (1 / 3)
    filters, inputs, outputs = (
        matrix * mean / norm for matrix, norm in zip((filters, inputs, outputs), norms, strict=True)
    )
    return filters, inputs, outputs.T


def _polynomial(roots: Sequence[float]) -> Tensor:
    """Coefficients of the product of (x - root), lowest first."""
    coefficients = torch.ones(1, dtype=torch.float64)
    for root in roots:
        coefficients = F.pad(coefficients, (1, 0)) - root * F.pad(coefficients, (0, 1))
    return coefficients


FILTER_TRANSFORM, INPUT_TRANSFORM, OUTPUT_TRANSFORM = _transforms()
_INPUTS, _OUTPUTS = INPUT_TRANSFORM.float().numpy(), OUTPUT_TRANSFORM.float().contiguous().numpy()
_CHUNK = 128  # channels at a time: intermediates of both passes over a tile stay in the L1 cache
_GAP = 80  # floats between nodes, which would otherwise share cache sets (addresses 2^k apart)
_ZERO = np.float32(0)
_at = np.uintp  # an unsigned index saves numba the branch for counting from the end


def workspace_sizes(tiles: int, across: int, ins: int, outs: int) -> tuple[int, int, int]:
    """Return the sizes of the work arrays of `convolve_block` for `tiles`, `across` to a row."""
    padded = (tiles // across * TILE + 2) * (across * TILE + 2) * ins
    return padded, NODES**2 * (tiles * ins + _GAP), NODES**2 * (tiles * outs + _GAP)


@compiled
def convolve_block(
    rows: tuple[int, int],
    groups: tuple[int, int],
    x: Any,
    mask: Any,
    share: Any,
    filters: Any,
    tiles_per_product: int,
    bias: Any,
    least: Any,
    work: tuple[Any, Any, Any],
    result: Any,
) -> None:
    """Write the convolution of some rows of tiles, for some groups of channels, to `result`.

    Arguments, all arrays float32; so many of them because numba takes arrays and numbers, and one
    call has to do a whole block without the GIL:

    rows, groups: first, and one after the last.
    x: (H, W, C); with a mask also (H // 2, W // 2, C), as the gradient of what is pooled.
    mask: (H, W, C), x counts where it is above 0; or of size 0, x counts everywhere.
    share: of a smaller x, for each of 2 x 2 positions.
    filters: (36, groups, C, n), transformed; those of n channels of the result lie together.
    tiles_per_product: rows of one matrix product by BLAS; 0: by the kernel of `product_kernels`.
    bias: (groups * n,), added.
    least: the result is clamped to be no smaller.
    work: three flat arrays, as large as `workspace_sizes` says.
    result: (H, W, groups * n).
    """
    padded, taps, products = work
    across, channels, n = -(-result.shape[1] // TILE), x.shape[2], filters.shape[3]
    tiles = (rows[1] - rows[0]) * across
    in_plane, out_plane = tiles * channels + _GAP, tiles * n * (groups[1] - groups[0]) + _GAP
    if x.shape[0] < result.shape[0]:
        _enlarge(x, mask, share, TILE * rows[0] - 1, TILE * rows[1] + 1, across * TILE + 2, padded)
    else:
        _pad(x, mask, TILE * rows[0] - 1, TILE * rows[1] + 1, across * TILE + 2, padded)
    _to_nodes(padded, channels, across, tiles, taps, in_plane)
    for node in range(NODES * NODES):
        left = taps[node * in_plane : (node + 1) * in_plane - _GAP].reshape((tiles, channels))
        into = products[node * out_plane : (node + 1) * out_plane - _GAP].reshape((-1, tiles, n))
        for group in range(groups[0], groups[1]):
            if tiles_per_product == 0 and n % WIDTH == 0:
                multiply(left, filters[node, group], into[group - groups[0]])
                continue
            some = tiles_per_product or tiles
            for first in range(0, tiles, some):
                last = min(first + some, tiles)
                np.dot(left[first:last], filters[node, group], into[group - groups[0], first:last])
    _from_nodes(products, out_plane, across, tiles, n, groups, bias, least, TILE * rows[0], result)


@compiled
def _pad(x: Any, mask: Any, top: int, end: int, width: int, padded: Any) -> None:
    """Copy the rows of x from `top` to before `end` to (rows, width, C), with zeros around them."""
    values, weights, channels = x.reshape(-1), mask.reshape(-1), x.shape[2]
    for row in range(top, end):
        start = (row - top) * width * channels
        if not 0 <= row < x.shape[0]:
            padded[start : start + width * channels] = 0
            continue
        count, here = x.shape[1] * channels, row * x.shape[1] * channels
        padded[start : start + channels] = 0
        padded[start + channels + count : start + width * channels] = 0
        start += channels
        if weights.size:
            for i in range(count):
                value = values[_at(here + i)]
                padded[_at(start + i)] = _ZERO if weights[_at(here + i)] <= 0 else value
        else:
            padded[start : start + count] = values[here : here + count]


@compiled
def _enlarge(x: Any, mask: Any, share: Any, top: int, end: int, width: int, padded: Any) -> None:
    """Do as `_pad`, with a share of each pixel of x in four places: the gradient of pooling."""
    values, weights, channels = x.reshape(-1), mask.reshape(-1), x.shape[2]
    for row in range(top, end):
        for column in range(-1, width - 1):
            start = ((row - top) * width + column + 1) * channels
            if not (0 <= row < 2 * x.shape[0] and 0 <= column < 2 * x.shape[1]):
                padded[start : start + channels] = 0
                continue
            here = (row // 2 * x.shape[1] + column // 2) * channels
            place = (row * mask.shape[1] + column) * channels
            for c in range(channels):
                value = share * values[_at(here + c)]
                padded[_at(start + c)] = _ZERO if weights[_at(place + c)] <= 0 else value


@compiled
def _to_nodes(padded: Any, channels: int, across: int, tiles: int, taps: Any, plane: int) -> None:
    """Write the transformed inputs of all tiles, node by node, `plane` numbers apart."""
    n, row = NODES, (across * TILE + 2) * channels
    half = np.empty(n * n * _CHUNK, np.float32)
    nodes = np.empty(n * _CHUNK, np.float32)
    for tile in range(tiles):
        corner = TILE * (tile // across * row + tile % across * channels)
        for first in range(0, channels, _CHUNK):
            count = min(_CHUNK, channels - first)
            for j in range(n):
                start = corner + j * channels + first
                for c in range(count):
                    for i in range(n):
                        total = _ZERO
                        for k in range(n):
                            if _INPUTS[i, k] != 0:
                                total += _INPUTS[i, k] * padded[_at(start + k * row + c)]
                        half[_at((i * n + j) * _CHUNK + c)] = total
            for i in range(n):
                for c in range(count):
                    for j in range(n):
                        total = _ZERO
                        for k in range(n):
                            if _INPUTS[j, k] != 0:
                                total += _INPUTS[j, k] * half[_at((i * n + k) * _CHUNK + c)]
                        nodes[_at(j * _CHUNK + c)] = total
                for j in range(n):
                    start = (i * n + j) * plane + tile * channels + first
                    for c in range(count):
                        taps[_at(start + c)] = nodes[_at(j * _CHUNK + c)]


@compiled
def _from_nodes(
    products: Any,
    plane: int,
    across: int,
    tiles: int,
    n: int,
    groups: tuple[int, int],
    bias: Any,
    least: Any,
    row: int,
    result: Any,
) -> None:
    """Write transformed outputs to `groups` of result (H, W, K), from `row` on, cropped to it."""
    height, width, channels = result.shape
    image = result.reshape(-1)
    half = np.empty(TILE * NODES * n, np.float32)
    edge = np.empty(TILE * n, np.float32)
    for tile in range(tiles):
        top, left = row + tile // across * TILE, tile % across * TILE
        whole = left + TILE <= width
        for group in range(groups[0], groups[1]):
            for j in range(NODES):
                start = j * plane + ((group - groups[0]) * tiles + tile) * n
                for c in range(n):
                    for i in range(TILE):
                        total = _ZERO
                        for k in range(NODES):
                            if _OUTPUTS[i, k] != 0:
                                value = products[_at(start + k * NODES * plane + c)]
                                total += _OUTPUTS[i, k] * value
                        half[_at((i * NODES + j) * n + c)] = total
            first = group * n
            for i in range(min(TILE, height - top)):
                start = ((top + i) * width + left) * channels + first
                into, here, step = edge, 0, n
                if whole:
                    into, here, step = image, start, channels
                for c in range(n):
                    for j in range(TILE):
                        total = bias[_at(first + c)]
                        for k in range(NODES):
                            if _OUTPUTS[j, k] != 0:
                                total += _OUTPUTS[j, k] * half[_at((i * NODES + k) * n + c)]
                        into[_at(here + j * step + c)] = least if total < least else total
                if not whole:
                    for j in range(width - left):
                        for c in range(n):
                            image[_at(start + j * channels + c)] = edge[_at(j * n + c)]
