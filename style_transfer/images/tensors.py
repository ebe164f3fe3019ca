"""Images of Pillow, and JPEGs on their way between processes, to tensors and back."""

import io

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from style_transfer.picture_files import MIN_SIDE, reduce

_ROUNDING = 1 / 510  # half a level of 255, by which converted colours may be outside of [0, 1]


def check_image(what: str, image: object) -> None:
    """Raise ValueError, one sentence, for what is no image (1, 3, H, W) of float32 in [0, 1].

    Its sides have MIN_SIDE px at least, as those of pictures in files have.
    """
    if not isinstance(image, Tensor):
        raise ValueError(f"{what} must be a tensor (1, 3, H, W), not {type(image).__name__}.")
    shape, kind = tuple(image.shape), str(image.dtype).removeprefix("torch.")
    if len(shape) != 4 or shape[:2] != (1, 3):
        raise ValueError(f"{what} must be (1, 3, H, W), not {shape}.")
    if min(shape[2:]) < MIN_SIDE:
        size = f"{shape[3]} x {shape[2]}"
        raise ValueError(f"{what} must have {MIN_SIDE} pixels a side or more, not {size}.")
    if image.dtype != torch.float32:
        raise ValueError(f"{what} must be of float32 in [0, 1], not of {kind}.")
    low, high = (each.item() for each in image.detach().aminmax())
    if not (low >= -_ROUNDING and high <= 1 + _ROUNDING):  # NaN also fails
        words = f"from {low:.3g} to {high:.3g}"
        raise ValueError(f"{what} must have values from 0 to 1, not {words}.")


def to_tensor(image: Image.Image, max_side: int | None = None) -> Tensor:
    """Return `image` as (1, 3, H, W) float32 RGB in [0, 1], its longer side at most `max_side` px.

    Reduced with an antialiasing filter, never enlarged, and never so far that the shorter side
    falls below MIN_SIDE.
    """
    levels = np.array(reduce(image, max_side).convert("RGB"))
    return torch.from_numpy(levels).permute(2, 0, 1).unsqueeze(0).contiguous().float() / 255


def to_pil(image: Tensor) -> Image.Image:
    """Return (1, 3, H, W) RGB as a picture; values are clipped to [0, 1] and rounded."""
    levels = image.detach()[0].clamp(0, 1).mul(255).round().to("cpu", torch.uint8)
    return Image.fromarray(levels.permute(1, 2, 0).contiguous().numpy())


def to_jpeg(image: Tensor, quality: int) -> bytes:
    """Return (1, 3, H, W) RGB in [0, 1], of any size, as a JPEG with colours at full resolution."""
    file = io.BytesIO()
    to_pil(image).save(file, "JPEG", quality=quality, subsampling=0)
    return file.getvalue()


def from_jpeg(data: bytes) -> Tensor:
    """Return what `to_jpeg` made, as (1, 3, H, W) float32 RGB in [0, 1]."""
    return to_tensor(Image.open(io.BytesIO(data), formats=("JPEG",)))
