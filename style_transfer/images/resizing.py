"""Resampling of tensors."""

import torch.nn.functional as F
from torch import Tensor


def resize(image: Tensor, size: tuple[int, int]) -> Tensor:
    """Return (1, 3, H, W) at `size` = (height, width), antialiased where it shrinks.

    Bicubic, so values may leave the range of the input at edges.
    """
    if tuple(image.shape[-2:]) == tuple(size):
        return image
    return F.interpolate(image, size=tuple(size), mode="bicubic", antialias=True)
