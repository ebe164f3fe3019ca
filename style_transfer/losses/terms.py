"""What the optimisation makes small. Tensors in, 0-d tensor out; no weights and no state.

Content and style are relative: each is divided by the mean square of its target. Differs from the
paper because sums of raw activations differ by 10^3 to 10^6 between layers, networks and sizes;
relative ones let alpha and beta mean the same everywhere.
"""

import torch
from torch import Tensor


def content_loss(activation: Tensor, target: Tensor) -> Tensor:
    """Return the mean squared error of a feature map, over the mean square of the photo's."""
    return _relative_error(activation, target)


def style_loss(statistic: Tensor, target: Tensor, least: Tensor | float = 0.0) -> Tensor:
    """Return the mean squared error of one layer's (C, C) statistic, over that of the painting's.

    `statistic` and `target` come from the same function of `losses.statistics`. A painting whose
    mean square is below `least` is taken as if it had that: a plain colour has no covariance
    to be relative to.
    """
    return _relative_error(statistic, target, least)


def total_variation(image: Tensor) -> Tensor:
    """Return the mean squared difference of vertical neighbours plus that of horizontal ones.

    A checkerboard of 0 and 1 has 2, a constant image 0. Mahendran and Vedaldi, "Understanding Deep
    Image Representations by Inverting Them", CVPR 2015, with exponent 2.
    """
    vertical = image.diff(dim=-2).square().mean()
    horizontal = image.diff(dim=-1).square().mean()
    return vertical + horizontal


def _relative_error(value: Tensor, target: Tensor, least: Tensor | float = 0.0) -> Tensor:
    scale = target.square().mean().clamp_min(least)
    scale = scale.clamp_min(torch.finfo(target.dtype).tiny)
    return (value - target).square().mean() / scale
