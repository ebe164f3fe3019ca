"""Resampling of tensors."""

import torch.nn.functional as F
from torch import Tensor

from style_transfer.picture_files import fit


def resize(image: Tensor, size: tuple[int, int]) -> Tensor:
    """Return (1, 3, H, W) at `size` = (height, width), antialiased where it shrinks.

    Bicubic, so values may leave the range of the input at edges.
    """
    if tuple(image.shape[-2:]) == tuple(size):
        return image
    return F.interpolate(image, size=tuple(size), mode="bicubic", antialias=True)


def reduced(image: Tensor, max_side: int) -> Tensor:
    """Return (1, 3, H, W) in [0, 1] with a longer side of at most `max_side` px, never enlarged."""
    size = fit((image.shape[-2], image.shape[-1]), max_side)
    return resize(image, size).clamp(0, 1) if max(image.shape[-2:]) > max_side else image
