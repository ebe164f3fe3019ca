"""Blocks: a large image in parts that the network can look at one after the other.

A block has a part of the positions of each layer. They are computed from a crop that is larger by a
margin, so that each position sees what it sees in the whole image, and that begins where pooling
does.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass
from itertools import pairwise, product

import torch
from torch import Tensor

from style_transfer.network import LayerGeometry

ALIGNMENT = 16  # px; a multiple of the stride of every layer
DEEPEST_USUAL = LayerGeometry(stride=16, reach=70)  # relu5_1
MIN_BLOCK = 64  # px; a smaller block might have no position of a deep layer

Size = tuple[int, int]  # height, width
Part = tuple[slice, slice]  # rows, columns


@dataclass(frozen=True)
class Window:
    """The positions of a layer that an activation has been computed for."""

    size: Size  # of the layer of the whole image
    part: Part  # of the whole layer: the positions that count
    first: tuple[int, int] = (0, 0)  # row and column at which the activation begins

    @classmethod
    def of(cls, activation: Tensor) -> "Window":
        """Return the window of the activation (1, C, h, w) of a whole image."""
        height, width = activation.shape[-2:]
        return cls((height, width), (slice(0, height), slice(0, width)))

    @property
    def count(self) -> int:
        """How many positions the whole layer has."""
        return self.size[0] * self.size[1]

    @property
    def inner(self) -> Part:
        """The part of the activation that the window is."""
        rows, columns = self.part
        row, column = self.first
        return (
            slice(rows.start - row, rows.stop - row),
            slice(columns.start - column, columns.stop - column),
        )

    def features(self, activation: Tensor) -> Tensor:
        """Return the features (C, n) of an activation (1, C, h, w)."""
        features, (rows, columns) = activation.squeeze(0), self.inner
        if (rows, columns) == Window.of(activation).part:
            return features.flatten(1)
        # Copied with the channels last, as the convolutions have them.
        return features[:, rows, columns].permute(1, 2, 0).flatten(0, 1).T

    def select(self, values: Tensor) -> Tensor:
        """Return those (n,) of the window, of values (N,) of all positions of the layer."""
        rows, columns = self.part
        return values.view(self.size)[rows, columns].flatten()

    def updated(self, values: Tensor, new: Tensor) -> Tensor:
        """Return values (N,) of all positions with new ones (n,) in the window."""
        rows, columns = self.part
        result = values.clone().view(self.size)
        part = result[rows, columns]
        part.copy_(new.view(part.shape))
        return result.flatten()

    def numbers(self, device: torch.device) -> Tensor:
        """Return the numbers (n,) of the positions, counted by rows in the whole layer."""
        rows, columns = (torch.arange(each.start, each.stop, device=device) for each in self.part)
        return (rows.unsqueeze(1) * self.size[1] + columns).flatten()


@dataclass(frozen=True)
class Block:
    """A part of an image: the pixels that are its own, and the crop that shows them and more."""

    size: Size  # of the whole image
    own: Part
    crop: Part

    @property
    def place(self) -> tuple[int, int]:
        """Row and column of its first pixel."""
        return self.own[0].start, self.own[1].start

    def window(self, geometry: LayerGeometry) -> Window:
        """Return the positions of a layer that are of the block, in an activation of its crop."""
        size = geometry.size(self.size)
        part = [
            slice(own.start // geometry.stride, _end(own.stop, length, positions, geometry.stride))
            for own, length, positions in zip(self.own, self.size, size, strict=True)
        ]
        rows, columns = (crop.start // geometry.stride for crop in self.crop)
        return Window(size, (part[0], part[1]), (rows, columns))

    def cropped(self, image: Tensor) -> Tensor:
        """Return the crop of an image (1, C, H, W), a view."""
        return image[:, :, self.crop[0], self.crop[1]]


def blocks_of(size: Size, side: int, geometries: Collection[LayerGeometry]) -> list[Block]:
    """Return the blocks of an image of `size`, of about `side` px or less, at least MIN_BLOCK.

    Their crops show all that positions of layers of these geometries see, and few sizes of them
    differ: the backends of the network are chosen by the size.
    """
    reach = max((geometry.reach for geometry in geometries), default=0)
    margin = _aligned(max(reach, 1))
    spans = [_spans(length, max(side, MIN_BLOCK), margin) for length in size]
    pairs = product(*spans)
    return [Block(size, (down[0], across[0]), (down[1], across[1])) for down, across in pairs]


def block_pixels(size: Size, side: int) -> int:
    """Return how many pixels the crops of all blocks have for a pass up to relu5_1."""
    blocks = blocks_of(size, side, [DEEPEST_USUAL])
    return sum(math.prod(each.stop - each.start for each in block.crop) for block in blocks)


def _spans(length: int, side: int, margin: int) -> list[tuple[slice, slice]]:
    """Return along one side of an image what is each block's own, and its crop."""
    count = -(-length // side)
    bounds = [*(_aligned(number * length // count) for number in range(count)), length]
    owned = [slice(start, stop) for start, stop in pairwise(bounds)]
    width = _aligned(max(own.stop - own.start for own in owned) + 2 * margin)
    spans = []
    for own in owned:
        start = max(0, own.start - margin)
        stop = start + width
        if stop >= length:
            start, stop = max(0, (length - width) // ALIGNMENT * ALIGNMENT), length
        spans.append((own, slice(start, stop)))
    return spans


def _aligned(length: int) -> int:
    return -(-length // ALIGNMENT) * ALIGNMENT


def _end(stop: int, length: int, positions: int, stride: int) -> int:
    """Return the end of the positions whose pixels end at `stop`: the last ones have the rest."""
    return positions if stop == length else stop // stride
