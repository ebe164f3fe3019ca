"""Photos to tensors."""

import numpy as np
import torch
from torch import Tensor

from style_transfer.images.transparency import filled, laid_on
from style_transfer.picture_files import Photo


def photo_tensors(photo: Photo, background: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
    """Return a photo as (1, 3, H, W) float32 in [0, 1], and its opacity (1, 1, H, W) or None.

    What is transparent is laid on `background`, a colour (3,), or without one has the colours
    around it, see `filled`, and its opacity beside.
    """
    levels = torch.from_numpy(np.array(photo.colours))
    image = levels.permute(2, 0, 1).unsqueeze(0).contiguous().float()
    if levels.dtype == torch.uint8:
        image /= 255
    if photo.opacity is None:
        return image, None
    opacity = torch.from_numpy(np.array(photo.opacity)).view(1, 1, *image.shape[-2:])
    if background is None:
        return filled(image, opacity), opacity
    return laid_on(background, image, opacity), None
