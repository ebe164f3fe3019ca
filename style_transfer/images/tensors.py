"""Images of Pillow to tensors and back."""

import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms.functional import pil_to_tensor, to_pil_image

from style_transfer.picture_files import reduce


def to_tensor(image: Image.Image, max_side: int | None = None) -> Tensor:
    """Return `image` as (1, 3, H, W) float32 RGB in [0, 1], its longer side at most `max_side` px.

    Reduced with an antialiasing filter, never enlarged, and never so far that the shorter side
    falls below MIN_SIDE.
    """
    image = reduce(image, max_side)
    return pil_to_tensor(image.convert("RGB")).unsqueeze(0).float() / 255


def to_pil(image: Tensor) -> Image.Image:
    """Return (1, 3, H, W) RGB as a picture; values are clipped to [0, 1] and rounded."""
    levels = image.detach()[0].clamp(0, 1).mul(255).round().to("cpu", torch.uint8)
    return to_pil_image(levels)
