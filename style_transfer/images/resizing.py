"""Sizes of pictures: fitting into a longest side, and resampling of tensors."""

import torch.nn.functional as F
from torch import Tensor

MIN_SIDE = 32  # px; relu5_1 has a sixteenth of the side, and statistics need two positions


def fit(size: tuple[int, int], max_side: int) -> tuple[int, int]:
    """Return `size` reduced so that its longer side is `max_side`, its shorter at least MIN_SIDE.

    The order of the two sides is kept; a size that fits already comes back as it is.
    """
    ratio = min(1.0, max(max_side / max(size), MIN_SIDE / min(size)))
    return round(size[0] * ratio), round(size[1] * ratio)


def resize(image: Tensor, size: tuple[int, int]) -> Tensor:
    """Return (1, 3, H, W) at `size` = (height, width), antialiased where it shrinks.

    Bicubic, so values may leave the range of the input at edges.
    """
    if tuple(image.shape[-2:]) == tuple(size):
        return image
    return F.interpolate(image, size=tuple(size), mode="bicubic", antialias=True)
