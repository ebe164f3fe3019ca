"""The nearest-neighbour term: how far features are from the nearest ones of a style image.

Statistics tell how often features occur together; this term takes over whole motifs, since each
position is drawn to one place of the style image. Li and Wand 2016, "Combining Markov Random Fields
and Convolutional Neural Networks for Image Synthesis"; the distance is that of Kolkin et al. 2022,
"Neural Neighbor Style Transfer", and of Zhang et al. 2022, "ARF: Artistic Radiance Fields": one
minus the cosine.
"""

import zlib
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from style_transfer.devices import CPU

MAX_PLACES = 4096  # of a style image; the search costs in proportion, and 16384 find little nearer
# Of the root mean square length of a style image's features: what differs less from their mean is
# rounding, as on a plain colour, and has no direction.
_MIN_LENGTH = 1e-2
# Numbers in a block; on a CPU larger ones leave its cache, on a GPU calls are what takes time.
_BLOCK, _BLOCK_OF_GPU = 2**21, 2**25


@dataclass(frozen=True, eq=False)
class Places:
    """What positions are compared with: features of places of a style image, less their mean."""

    mean: Tensor  # (C,), of all places
    features: Tensor  # (P, C), of up to MAX_PLACES, less the mean and scaled to length 1
    min_length: Tensor  # 0-d; features whose difference from the mean is shorter count for less
    fingerprint: int  # equal for equal places

    @classmethod
    def of(cls, features: Tensor, within: Tensor | None = None) -> "Places":
        """Return places of a feature map (C, H, W) or (C, N), drawn by a seed of its own.

        Only from positions `within` (N,), where that is given, and less the mean of all.
        """
        rows = features.flatten(1).T  # (N, C)
        drawn = drawn_places(len(rows), within).to(rows.device)
        return cls.sampled(rows[drawn], rows.mean(0), rows.square().sum(1).mean())

    @classmethod
    def sampled(cls, rows: Tensor, mean: Tensor, mean_square: Tensor) -> "Places":
        """Return places with features (P, C), of all that have this mean and mean square length."""
        tiny = torch.finfo(rows.dtype).tiny ** 0.5
        min_length = (_MIN_LENGTH * mean_square.sqrt()).clamp_min(tiny)
        directions = _directions(rows - mean, min_length)[0]
        fingerprint = zlib.crc32(directions.cpu().contiguous().numpy().data)
        return cls(mean, directions, min_length, fingerprint)


def drawn_places(count: int, within: Tensor | None = None) -> Tensor:
    """Return the numbers of up to MAX_PLACES of so many positions, always the same.

    Where `within` (N,) is given, of those positions alone where it is true.
    """
    if within is not None:
        numbers = within.cpu().nonzero().squeeze(1)
        return numbers[drawn_places(len(numbers))]
    if count <= MAX_PLACES:
        return torch.arange(count)
    return torch.randperm(count, generator=torch.Generator().manual_seed(0))[:MAX_PLACES]


def nearest_places(features: Tensor, places: Places) -> Tensor:
    """Return the index of the place with the largest cosine for each of (n, C) features, (n,)."""
    rows = max(1, _block(features) // len(places.features))
    found = [
        ((block - places.mean) @ places.features.T).max(1).indices  # faster than argmax
        for block in features.split(rows)
    ]
    return torch.cat(found)


def neighbour_distance(
    features: Tensor, places: Places, matches: Tensor, weights: Tensor | None = None
) -> Tensor:
    """Return the mean over positions of one minus the cosine with the matched place, 0-d.

    `features` are (C, H, W) or (C, N), `matches` (N,) the index of a place for each position, any
    where it has no weight. With `weights` (N,), which sum to 1 or are all 0, each position counts
    in proportion to its weight. From 0 for the same directions to 2 for opposite ones; 1 where
    either has none.
    """
    flat = features.flatten(1)
    if weights is None:
        count = flat.shape[1]
        weights = flat.new_full((), 1 / count).expand(count)
    distance: Tensor = _CosineDistance.apply(flat, places, matches, weights)
    return distance


class _CosineDistance(torch.autograd.Function):
    """The weighted mean of one minus the cosine, with its gradient computed on the way forward.

    Block by block, so that a block's intermediate results stay in the processor's cache: what
    autograd makes of it reads and writes the whole feature map some ten times.
    """

    @staticmethod
    def forward(ctx: Any, flat: Tensor, places: Places, matches: Tensor, weights: Tensor) -> Tensor:
        rows = flat.T  # (N, C), channels last as in the convolutions
        matches = matches.clamp(0, len(places.features) - 1)
        gradient = torch.empty_like(rows, memory_format=torch.contiguous_format)
        total = flat.new_zeros(())
        size = max(1, _block(flat) // 4 // rows.shape[1])
        for block, result, index, weight in zip(
            rows.split(size),
            gradient.split(size),
            matches.split(size),
            weights.split(size),
            strict=True,
        ):
            wanted = places.features.index_select(0, index)  # four times as fast as [index]
            own, lengths = _directions(block - places.mean, places.min_length)
            cosines = (own * wanted).sum(1)
            total += (weight * (1 - cosines)).sum()
            # Along its own direction a feature may grow freely; a short one is not normalised.
            along = torch.where(lengths > places.min_length, cosines, 0.0)
            torch.sub(own.mul_(along.unsqueeze(1)), wanted, out=result)
            result.mul_((weight / lengths).unsqueeze(1))
        ctx.save_for_backward(gradient)
        return total

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None]:
        (rows,) = ctx.saved_tensors
        return (rows * gradient).T, None, None, None


def _block(features: Tensor) -> int:
    return _BLOCK if features.device.type == CPU else _BLOCK_OF_GPU


def _directions(rows: Tensor, min_length: Tensor) -> tuple[Tensor, Tensor]:
    """Return (n, C) rows divided by their lengths, in place, and the lengths (n,) of at least."""
    lengths = torch.linalg.vector_norm(rows, dim=1).clamp_min(min_length)
    return rows.div_(lengths.unsqueeze(1)), lengths
