"""Colours under what is transparent, so that a picture of it has edges without a fringe."""

import torch
import torch.nn.functional as F
from torch import Tensor

_FULL = 0.125  # opacity from which a pixel's own colour counts alone; below, rounding shows


def laid_on(colour: Tensor, image: Tensor, opacity: Tensor) -> Tensor:
    """Return (1, 3, H, W) of this opacity (1, 1, H, W), opaque on a colour (3,)."""
    return torch.lerp(colour.to(image).view(1, 3, 1, 1).expand_as(image), image, opacity.to(image))


def filled(image: Tensor, opacity: Tensor) -> Tensor:
    """Return (1, 3, H, W) with the colours of what is seen continued into what is not.

    `opacity` is (1, 1, H, W). Each pixel that is not seen gets the mean of those around it, at the
    smallest scale at which there are any: the pull and the push of Gortler et al. 1996, "The
    Lumigraph". Where nothing is seen at all it is white.
    """
    weight = (opacity / _FULL).clamp(0, 1)
    levels = [(image * weight, weight)]
    while max(levels[-1][0].shape[-2:]) > 1:
        halves = [F.avg_pool2d(each, 2, ceil_mode=True) for each in levels[-1]]
        levels.append((halves[0], halves[1]))
    fill = torch.ones_like(levels[-1][0])
    for colours, weights in reversed(levels):
        size = colours.shape[-2:]
        fill = F.interpolate(fill, size=size, mode="bilinear") if fill.shape[-2:] != size else fill
        seen = weights.clamp_min(torch.finfo(weights.dtype).eps)
        share = (weights * 2).clamp(0, 1) if colours is not levels[0][0] else weights
        fill = torch.lerp(fill, (colours / seen).clamp(0, 1), share)
    return fill
