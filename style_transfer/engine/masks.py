"""Masks: how strongly, and in which style, each part of the content image is stylised.

A mask is (1, 1, H, W) in [0, 1], of any size; it covers the content image and is resized to it.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from style_transfer.engine.box_blur import box_blur

FEATHER_WIDTH = 0.04  # width of a soft edge, as a share of the longer side
STYLE_COLORS = {  # of styles 1 to 4 in a mask picture
    "red": (1.0, 0.0, 0.0),
    "green": (0.0, 1.0, 0.0),
    "blue": (0.0, 0.0, 1.0),
    "yellow": (1.0, 1.0, 0.0),
}
_MIN_SATURATION = 0.5  # from which a colour names a style
_ROUNDING = 0.03  # by so much lossy compression moves black and white


def composite(image: Tensor, content: Tensor, strength: Tensor | None) -> Tensor:
    """Return `image` where the strength is 1, `content` where it is 0, and a blend in between.

    A strength of 0.5 gives an opacity of 0.75, and the rest is left to `style_weight_map`: with an
    opacity of 0.5 both images would be seen at once, and the optimiser would exaggerate the style
    to make up for the transparency.
    """
    return image if strength is None else torch.lerp(content, image, strength * (2 - strength))


def style_weight_map(strength: Tensor | None) -> Tensor | None:
    """Return the factor of beta at each pixel (1, 1, H, W): a strength of 0.5 weighs a quarter."""
    return None if strength is None else strength.square()


def resize_mask(mask: Tensor, size: tuple[int, int]) -> Tensor:
    """Return a mask resized to `size` (height, width)."""
    if mask.shape[-2:] == size:
        return mask
    return F.interpolate(mask, size=size, mode="bilinear", antialias=True).clamp(0, 1)


def feather_inwards(mask: Tensor) -> Tensor:
    """Return a mask whose edges rise over FEATHER_WIDTH, on the inner side: 0 stays 0.

    Each pixel becomes the mean of the minima within 0, 1, 2 ... pixels of it.
    """
    radius = _feather_radius(mask)
    minimum = total = mask
    for _ in range(radius):
        minimum = _minimum_around(minimum)
        total = total + minimum
    return total / (radius + 1)


def _minimum_around(mask: Tensor) -> Tensor:
    """Return the minimum within 1 px of each pixel: by slices, faster than as a pooling."""
    wide = F.pad(mask, (1, 1, 1, 1), value=torch.inf)
    rows = torch.minimum(torch.minimum(wide[..., :-2, :], wide[..., 1:-1, :]), wide[..., 2:, :])
    return torch.minimum(torch.minimum(rows[..., :-2], rows[..., 1:-1]), rows[..., 2:])


def feather(mask: Tensor) -> Tensor:
    """Return a mask whose edges rise over FEATHER_WIDTH on both sides, by a box blur."""
    return box_blur(mask, _feather_radius(mask))


def _feather_radius(mask: Tensor) -> int:
    return max(1, round(FEATHER_WIDTH * max(mask.shape[-2:])))


def read_mask(picture: Tensor) -> tuple[Tensor, Tensor]:
    """Return strength (1, 1, H, W) and the masks of styles 1 to 4, (4, 1, H, W), of a picture.

    Its HSV value is the strength: black leaves the content image, white applies all styles. A
    saturated pixel belongs to the style of the nearest of STYLE_COLORS alone; dark shades of that
    colour give it less strength.
    """
    least, value = picture.aminmax(dim=1, keepdim=True)
    strength = torch.where(value < _ROUNDING, 0.0, torch.where(value > 1 - _ROUNDING, 1.0, value))
    chroma = value - least
    hue = ((picture - least) / chroma.clamp_min(1e-6)).unsqueeze(1)  # (1, 1, 3, H, W) in [0, 1]
    colors = picture.new_tensor([*STYLE_COLORS.values()]).view(1, -1, 3, 1, 1)
    nearest = (hue - colors).square().sum(2).argmin(1, keepdim=True)  # index of the style
    is_grey = chroma <= _MIN_SATURATION * value
    masks = [is_grey | (nearest == index) for index in range(len(STYLE_COLORS))]
    return strength, torch.cat(masks).float()
