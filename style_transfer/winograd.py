"""3x3 convolution with frozen filters in fewer multiplications, on the CPU.

F(4 x 4, 3 x 3) makes 4 x 4 outputs from 6 x 6 products of transformed inputs and filters, where
plain convolution needs 9 x 4 x 4: a quarter.

All stages are library matrix products. They are made for a few rows of tiles at a time, so that
what lies between them stays in the cache, and by threads that each compute blocks of their own.
"""

from collections.abc import Iterator
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from style_transfer import onednn
from style_transfer.cook_toom import Transform, transforms
from style_transfer.workers import buffers, spread

TILE = 4  # outputs a side; 6 would need a fifth less products, and gains nothing for larger blocks
NODES = TILE + 2  # inputs a side
TILES_PER_BLOCK = 256  # fewer make thin products, more leave the cache; flat from 100 to 300
FORWARD, BACKWARD = transforms(TILE)


class Filters(Protocol):
    """Transformed filters of one direction, which say how they multiply."""

    outs: int

    def multiply(self, taps: Tensor, products: Tensor) -> None:
        """Write taps (36, N, in) times the filters to products (36, N, out)."""


class Matrices:
    """Filters as one batch of matrices (36, in, out)."""

    def __init__(self, matrices: Tensor) -> None:
        self._matrices, self.outs = matrices, matrices.shape[2]

    def transposed(self) -> "Matrices":
        """Return those of the other direction, a view."""
        return Matrices(self._matrices.transpose(1, 2))

    def multiply(self, taps: Tensor, products: Tensor) -> None:
        torch.bmm(taps, self._matrices, out=products)


class PackedMatrices:
    """Filters (36, in, out), each laid out for oneDNN's matrix product."""

    def __init__(self, matrices: Tensor) -> None:
        self.outs = matrices.shape[2]
        self._packed = [onednn.packed_matrix(each, TILES_PER_BLOCK) for each in matrices]

    def multiply(self, taps: Tensor, products: Tensor) -> None:
        def work(positions: Iterator[int]) -> None:
            for i in positions:
                products[i] = onednn.product(taps[i], self._packed[i])

        spread(work, range(len(self._packed)))  # of use where the picture is a single block


def transform_filters(weight: Tensor) -> Tensor:
    """Return filters (out, in, 3, 3) transformed, (36, in, out).

    Computed in float64, since it is done once and its rounding would be in every step.
    """
    matrix = FORWARD.filters
    taps = weight.permute(2, 3, 1, 0).reshape(9, -1)
    products = torch.kron(matrix, matrix) @ taps.double()
    return products.float().view(-1, weight.shape[1], weight.shape[0])


def convolve(
    x: Tensor,
    filters: Filters,
    transform: Transform,
    bias: Tensor | None = None,
    relu: bool = False,
    mask: Tensor | None = None,
) -> Tensor:
    """Return the convolution of x (H, W, C) with `filters`, as (1, K, H, W).

    Zero padding of 1; the result is channels last. With `relu` it is clamped at 0; with a `mask`
    (H, W, C), x counts only where the mask is above 0, as in the gradient of a ReLU.
    """
    height, width = x.shape[:2]
    down, across = -(-height // TILE), -(-width // TILE)  # tiles
    threads = torch.get_num_threads()
    blocks = round(down * across / TILES_PER_BLOCK / threads) * threads or 1
    rows = -(-down // blocks)  # of tiles in a block
    picture = torch.empty((1, filters.outs, height, width), memory_format=torch.channels_last)
    result = picture[0].permute(1, 2, 0)

    def work(starts: Iterator[int]) -> None:
        _blocks(starts, rows, x, filters, transform, bias, relu, mask, result)

    spread(work, range(0, down, rows))
    return picture


def _blocks(
    starts: Iterator[int],
    rows: int,
    x: Tensor,
    filters: Filters,
    transform: Transform,
    bias: Tensor | None,
    relu: bool,
    mask: Tensor | None,
    result: Tensor,
) -> None:
    """Convolve the blocks of `rows` rows of tiles that begin at `starts`."""
    (height, width, channels), outs = x.shape, result.shape[2]
    m, n = TILE, NODES
    across = -(-width // m)
    tiles = rows * across
    most = n * n * tiles * max(channels, outs)
    sizes = [(m * rows + 2) * (m * across + 2) * channels, most, most, m * (n + 1) * tiles * outs]
    padded, one, two, three = buffers(*sizes)
    padded = padded.view(m * rows + 2, m * across + 2, channels)
    padded[:, 0] = padded[:, width + 1 :] = 0
    inputs = transform.inputs.expand(n, n, n)
    terms = n + (bias is not None)
    # A last column of ones adds the bias.
    outputs_and_bias = F.pad(transform.outputs, (0, terms - n), value=1.0).expand(m, m, terms)

    for first in starts:
        count = min(rows, -(-height // m) - first)
        tiles = count * across
        top, bottom = max(m * first - 1, 0), min(m * (first + count) + 1, height)
        start = top - (m * first - 1)
        padded[:start] = padded[start + bottom - top :] = 0
        into = padded[start : start + bottom - top, 1 : width + 1]
        if mask is None:
            into.copy_(x[top:bottom])
        else:
            torch.ops.aten.threshold_backward.grad_input(
                x[top:bottom], mask[top:bottom], 0, grad_input=into
            )

        row, column = padded.stride()[:2]
        shape, strides = (n, n, count, across, channels), (row, column, m * row, m * column, 1)
        patches = padded.as_strided(shape, strides, padded.storage_offset())
        taps = one[: n * n * tiles * channels].view(n, -1)
        taps.view(shape).copy_(patches)
        half = two[: taps.numel()].view(n, -1)
        torch.mm(transform.inputs, taps, out=half)
        # (row, column) of the tile first
        torch.bmm(inputs, half.view(n, n, -1), out=taps.view(n, n, -1))
        products = two[: n * n * tiles * outs]
        filters.multiply(taps.view(n * n, tiles, channels), products.view(n * n, tiles, outs))
        sums = three[: m * (n + 1) * tiles * outs].view(m, n + 1, -1)
        if bias is not None:
            sums[:, n].view(m, tiles, outs).copy_(bias)
        torch.mm(
            transform.outputs, products.view(n, -1), out=sums.view(m, -1)[:, : n * tiles * outs]
        )
        values = one[: m * m * tiles * outs].view(m, m, -1)
        torch.bmm(outputs_and_bias, sums[:, :terms], out=values)
        placed = values.view(m, m, count, across, outs).permute(2, 0, 3, 1, 4)
        _place(placed, result[m * first : m * (first + count)], relu)


def _place(tiles: Tensor, result: Tensor, relu: bool) -> None:
    """Writes tiles (rows, m, columns, m, K) to result (H, W, K), cutting off what hangs over."""
    (height, width, outs), m = result.shape, tiles.shape[1]
    whole, rest = divmod(height, m)
    full, part = divmod(width, m)
    for row, rows, high in ((0, whole, m), (whole, 1, rest)):
        for column, columns, wide in ((0, full, m), (full, 1, part)):
            if rows * high and columns * wide:
                shape = (rows, high, columns, wide, outs)
                strides = (m * width * outs, width * outs, m * outs, outs, 1)
                at = result.storage_offset() + m * (row * width + column) * outs
                into = result.as_strided(shape, strides, at)
                piece = tiles[row : row + rows, :high, column : column + columns, :wide]
                torch.clamp_min(piece, 0, out=into) if relu else into.copy_(piece)
