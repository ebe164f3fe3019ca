"""The terms of the objective beside the style, each a 0-d tensor."""

import torch
from torch import Tensor

from style_transfer.losses.means import mean_square


def content_loss(activation: Tensor, target: Tensor) -> Tensor:
    """Return the mean squared error of a feature map over the mean square of the content image's.

    Both are (1, C, h, w). Differs from Gatys et al. 2015 for the reason given at `MatrixStatistic`.
    """
    scale = mean_square(target).clamp_min(torch.finfo(target.dtype).tiny)
    return mean_square(activation - target) / scale


def total_variation(image: Tensor) -> Tensor:
    """Return the mean squared difference of vertical neighbours plus that of horizontal ones.

    `image` is (1, 3, H, W). A checkerboard of 0 and 1 has 2, a constant image 0. Mahendran and
    Vedaldi, "Understanding Deep Image Representations by Inverting Them", CVPR 2015, exponent 2.
    """
    return mean_square(image.diff(dim=-2)) + mean_square(image.diff(dim=-1))


def temporal_loss(image: Tensor, moved: Tensor, confidence: Tensor) -> Tensor:
    """Return the mean squared difference of a frame from the one before it, moved to its place.

    Both are (1, 3, H, W). The difference counts by the `confidence` (1, 1, H, W) in [0, 1] that the
    moved frame is right there. Ruder, Dosovitskiy and Brox, "Artistic Style Transfer for Videos",
    GCPR 2016, equation 7.
    """
    return (confidence * (image - moved).square()).mean()
