"""Resampling of tensors."""

from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from style_transfer.devices import CPU
from style_transfer.picture_files import fit


def resize(image: Tensor, size: tuple[int, int]) -> Tensor:
    """Return (1, 3, H, W) at `size` = (height, width), antialiased where it shrinks.

    Bicubic, so values may leave the range of the input at edges.
    """
    if tuple(image.shape[-2:]) == tuple(size):
        return image
    if image.requires_grad and image.device.type != CPU:
        down, across = (
            _weights(before, after, image.dtype, image.device)
            for before, after in zip(image.shape[-2:], size, strict=True)
        )
        return down @ image @ across.T
    return F.interpolate(image, size=tuple(size), mode="bicubic", antialias=True)


@lru_cache(maxsize=16)
def _weights(before: int, after: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Return the matrix (after, before) that resizes a column of pixels.

    The gradient of torch's own resizing adds pixel by pixel in memory on a GPU, which takes 2.4 ms
    of a step at 2048 px.
    """
    columns = torch.eye(before, dtype=dtype).view(1, 1, before, before)
    resized = F.interpolate(columns, size=(after, before), mode="bicubic", antialias=True)
    return resized[0, 0].contiguous().to(device)


def reduced(image: Tensor, max_side: int) -> Tensor:
    """Return (1, 3, H, W) in [0, 1] with a longer side of at most `max_side` px, never enlarged."""
    size = fit((image.shape[-2], image.shape[-1]), max_side)
    return resize(image, size).clamp(0, 1) if max(image.shape[-2:]) > max_side else image
