"""A box blur of images and masks."""

import torch.nn.functional as F
from torch import Tensor


def box_blur(image: Tensor, radius: int) -> Tensor:
    """Return the mean within `radius` px of each pixel, in rows and columns, of what there is.

    `image` is (1, C, H, W). One direction after the other: a square costs as much as its area.
    """
    width = 2 * radius + 1
    for kernel in ((width, 1), (1, width)):
        padding = kernel[0] // 2, kernel[1] // 2
        image = F.avg_pool2d(image, kernel, 1, padding, count_include_pad=False)
    return image
