"""Regions: how strongly, and in which style, each part of a photo is painted.

A mask is (1, 1, H, W) in [0, 1], of any size; it is laid over the photo and stretched to it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

EDGE = 0.04  # of the longer side; so wide is the way from an untouched pixel to a painted one
STYLE_COLORS = {  # of styles 1 to 4 in a mask picture
    "red": (1.0, 0.0, 0.0),
    "green": (0.0, 1.0, 0.0),
    "blue": (0.0, 0.0, 1.0),
    "yellow": (1.0, 1.0, 0.0),
}
_COLORED = 0.5  # saturation from which a colour names a style
_NEARLY = 0.03  # what lossy files make of black and white


@dataclass(frozen=True, eq=False)
class Guide:
    """Where one painting counts: its share of the picture, and of each pixel."""

    share: float  # mean of the mask
    mask: Tensor | None = None  # (1, 1, H, W); None: the same everywhere


def guides(
    shares: Sequence[float], weight: Tensor | None, areas: Sequence[Tensor] | None
) -> list[Guide]:
    """Return where each painting counts, given what it weighs, in all and at each pixel.

    Where areas overlap, the shares tell how much of each; where no painting goes, the photo stays
    unguided. Paintings that count in the same places have the same mask.
    """
    if areas is None:
        if weight is None:
            return [Guide(share) for share in shares]
        covered = weight.mean().item()
        return [Guide(share * covered, weight) for share in shares]
    weighted = [share * area for share, area in zip(shares, areas, strict=True)]
    total = torch.stack(weighted).sum(0)
    painted = (total > 0) if weight is None else (total > 0) * weight
    masks = [painted * each / total.clamp_min(torch.finfo(total.dtype).tiny) for each in weighted]
    return [Guide(mask.mean().item(), mask) for mask in masks]


def position_weights(mask: Tensor, size: tuple[int, int]) -> Tensor:
    """Return how much each position of a layer (height, width) counts, (N,), in all 1 or 0."""
    weights = F.adaptive_avg_pool2d(mask, size).flatten()
    return weights / weights.sum().clamp_min(torch.finfo(weights.dtype).tiny)


def composite(image: Tensor, photo: Tensor, strength: Tensor | None) -> Tensor:
    """Return `image` where the strength is 1, `photo` where it is 0, and between a blend.

    Half the strength is not half transparent: that would show two pictures at once, and the
    optimiser would exaggerate one to be seen through the other. There the style weighs less.
    """
    return image if strength is None else torch.lerp(photo, image, strength * (2 - strength))


def style_weight(strength: Tensor | None) -> Tensor | None:
    """Return what the style weighs where it has a strength: half of it is a quarter of beta."""
    return None if strength is None else strength.square()


def at_size(mask: Tensor, size: tuple[int, int]) -> Tensor:
    """Return a mask stretched to `size` (height, width)."""
    if mask.shape[-2:] == size:
        return mask
    return F.interpolate(mask, size=size, mode="bilinear", antialias=True).clamp(0, 1)


def soft(mask: Tensor) -> Tensor:
    """Return a mask whose edges rise within EDGE, and inwards only: what is 0 stays 0.

    Each pixel becomes the mean of the least strength within 0, 1, 2 ... pixels of it.
    """
    reach = _reach(mask)
    least = total = mask
    for _ in range(reach):
        least = -F.max_pool2d(-least, 3, stride=1, padding=1)
        total = total + least
    return total / (reach + 1)


def blurred(mask: Tensor) -> Tensor:
    """Return a mask whose edges rise within EDGE to both sides."""
    width = 2 * _reach(mask) + 1
    return F.avg_pool2d(mask, width, stride=1, padding=width // 2, count_include_pad=False)


def _reach(mask: Tensor) -> int:
    return max(1, round(EDGE * max(mask.shape[-2:])))


def read_mask(picture: Tensor) -> tuple[Tensor, Tensor]:
    """Return strength (1, 1, H, W) and the areas of styles 1 to 4, (4, 1, H, W), of a picture.

    Its brightness is the strength: black leaves the photo, white paints it in all styles. One of
    STYLE_COLORS names the only style that goes there, dark shades of it with less strength.
    """
    least, value = picture.aminmax(dim=1, keepdim=True)
    strength = torch.where(value < _NEARLY, 0.0, torch.where(value > 1 - _NEARLY, 1.0, value))
    spread = value - least
    pure = ((picture - least) / spread.clamp_min(1e-6)).unsqueeze(
        1
    )  # (1, 1, 3, H, W), each from 0 to 1
    colors = picture.new_tensor([*STYLE_COLORS.values()]).view(1, -1, 3, 1, 1)
    nearest = (pure - colors).square().sum(2).argmin(1, keepdim=True)  # number of the style
    grey = spread <= _COLORED * value
    areas = [grey | (nearest == number) for number in range(len(STYLE_COLORS))]
    return strength, torch.cat(areas).float()
