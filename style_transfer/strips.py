"""3x3 convolution in fewer multiplications from above to below only, on the CPU.

F(6, 3) down the columns leaves 8 convolutions along the rows for 6 rows of outputs, where plain
convolution makes 18: torch's own kernels do them. It saves less than tiles of two dimensions, but
touches less memory, which counts more for the large layers with few channels.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from style_transfer.cook_toom import Transform, transforms
from style_transfer.workers import buffers, spread

TILE = 6  # rows of outputs in a strip
COLUMNS_PER_BLOCK = 1536  # strips times width; fewer make small convolutions, more leave the cache
FORWARD, BACKWARD = transforms(TILE)


@dataclass(frozen=True)
class Filters:
    """Transformed filters of one direction: 8 of (out, in, 1, 3), and of the bias their share."""

    filters: tuple[Tensor, ...]
    biases: tuple[Tensor | None, ...]
    transform: Transform


def transform_filters(weight: Tensor, bias: Tensor) -> Filters:
    """Return filters (out, in, 3, 3) transformed, with the bias (out,)."""
    # What the transform turns into a constant: each convolution adds its part of the bias.
    ones = torch.linalg.pinv(FORWARD.outputs.double()).sum(1)
    biases = tuple((part * bias.double()).float() for part in ones)
    return Filters(tuple(map(_last, _taps(weight))), biases, FORWARD)


def transform_reversed(weight: Tensor) -> Filters:
    """Return the same turned round, which lead from the gradient of the result to that of x."""
    turned = _taps(weight).flip(4).transpose(1, 2)
    return Filters(tuple(map(_last, turned)), (None,) * len(turned), BACKWARD)


def convolve(x: Tensor, by: Filters, relu: bool = False, mask: Tensor | None = None) -> Tensor:
    """Return the convolution of x (H, W, C), padded with zeros, as (1, K, H, W).

    The result is channels last. With `relu` it is clamped at 0; with a `mask` (H, W, C), x counts
    only where the mask is above 0, as in the gradient of a ReLU.
    """
    (height, width), outs = x.shape[:2], by.filters[0].shape[0]
    strips, threads = -(-height // TILE), torch.get_num_threads()
    blocks = threads * max(1, round(strips * width / COLUMNS_PER_BLOCK / threads))
    count = -(-strips // blocks)  # of strips in a block
    picture = torch.empty((1, outs, height, width), memory_format=torch.channels_last)
    result = picture[0].permute(1, 2, 0)

    def work(starts: Iterator[int]) -> None:
        for first in starts:
            rows = slice(TILE * first, min(TILE * (first + count), height))
            _block(x, by, mask, rows, result[rows])
            if relu:
                result[rows].clamp_min_(0)

    spread(work, range(0, strips, count))
    return picture


def _block(x: Tensor, by: Filters, mask: Tensor | None, rows: slice, result: Tensor) -> None:
    """Write the convolution of some rows to result (rows, W, K)."""
    (height, width, channels), outs = x.shape, result.shape[2]
    n, count = TILE + 2, -(-len(result) // TILE)
    sizes = [(TILE * count + 2) * width * channels]
    sizes += [n * count * width * each for each in (channels, outs)]
    around, planes, sums = buffers(*sizes)
    around, planes, sums = (
        around.view(-1, width, channels),
        planes.view(n, count, -1),
        sums.view(n, count, -1),
    )

    top, bottom = max(rows.start - 1, 0), min(rows.start + TILE * count + 1, height)
    start = top - (rows.start - 1)
    end = start + bottom - top
    if mask is None and bottom - top == len(around) and x.is_contiguous():
        around = x[top:bottom]
    else:
        around[:start] = around[end:] = 0
        _copy(x[top:bottom], None if mask is None else mask[top:bottom], around[start:end])
    for strip in range(count):
        inputs = around[TILE * strip : TILE * strip + n].view(n, -1)
        torch.mm(by.transform.inputs, inputs, out=planes[:, strip])
    for plane, filters, bias, total in zip(planes, by.filters, by.biases, sums, strict=True):
        picture = plane.view(1, count, width, channels).permute(0, 3, 1, 2)
        y = F.conv2d(picture, filters, bias, padding=(0, 1))
        total.view(count, width, outs).copy_(y[0].permute(1, 2, 0))
    for strip in range(count):
        outputs = result[TILE * strip : TILE * (strip + 1)].view(-1, width * outs)
        torch.mm(by.transform.outputs[: len(outputs)], sums[:, strip], out=outputs)


def _copy(x: Tensor, mask: Tensor | None, into: Tensor) -> None:
    if mask is None:
        into.copy_(x)
    else:
        torch.ops.aten.threshold_backward.grad_input(x, mask, 0, grad_input=into)


def _last(filters: Tensor) -> Tensor:
    return filters.contiguous(memory_format=torch.channels_last)


def _taps(weight: Tensor) -> Tensor:
    """Return (8, out, in, 1, 3) for filters (out, in, 3, 3)."""
    return torch.einsum("pt,oitc->poic", FORWARD.filters.float(), weight).unsqueeze(3)
