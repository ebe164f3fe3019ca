"""The initial inverse Hessian of L-BFGS: by frequency, and by how cells of the image respond."""

from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

LONGEST_WAVE = 32  # px; all lower frequencies are preconditioned alike
CELL = 4  # px; side of the cells for which changes of image and gradient are averaged
CHANGE_FLOOR = 1e-3  # of the mean change; below it a cell's ratio of changes is noise
MAX_CELL_RATIO = 4.0  # limit of a cell's preconditioner, relative to the image's, both ways
LARGE = 2**22  # pixels of an image above which one colour has its spectrum at a time


def preconditioned(scales: Tensor, vector: Tensor) -> Tensor:
    """Return `vector` (1, 3, H, W) times the initial inverse Hessian, a symmetric matrix."""
    return _filtered(scales * vector, 1).mul_(scales)


def _filtered(vector: Tensor, power: float) -> Tensor:
    """Return (1, C, H, W) with each component divided by its frequency to the power."""
    height, width = vector.shape[-2:]
    weights = _frequency_weights(height, width, power, vector.device)
    if height * width <= LARGE:
        return torch.fft.irfft2(torch.fft.rfft2(vector) * weights, s=(height, width))
    result = torch.empty_like(vector)
    for plane, channel in zip(vector[0], result[0], strict=True):  # one has its spectrum at a time
        channel.copy_(torch.fft.irfft2(torch.fft.rfft2(plane).mul_(weights), s=(height, width)))
    return result


def cell_changes(s: Tensor, y: Tensor) -> Tensor:
    """Return the mean squared changes of image and gradient in each cell, (1, 2, h, w).

    Both are filtered first, so that they are equal up to a factor where the Hessian is that of the
    frequencies alone.
    """
    cells = [
        F.avg_pool2d(_filtered(each, power).square_().mean(1), CELL, ceil_mode=True)
        for each, power in ((s, -0.5), (y, 0.5))
    ]
    return torch.stack(cells, dim=1)


def cell_scales(changes: Tensor, image: Tensor) -> Tensor:
    """Return the square root of the cells' preconditioner at each pixel, (1, 1, H, W)."""
    mean = changes.mean((2, 3), keepdim=True) + torch.finfo(changes.dtype).tiny
    change, response = (changes / mean + CHANGE_FLOOR).split(1, 1)  # equal without any change
    scales = (change / response).clamp(1 / MAX_CELL_RATIO**2, MAX_CELL_RATIO**2) ** 0.25
    return F.interpolate(scales, size=image.shape[-2:], mode="bilinear")


@lru_cache(maxsize=8)
def _frequency_weights(height: int, width: int, power: float, device: torch.device) -> Tensor:
    """Return frequency ** -power, (H, W // 2 + 1), with 1 / LONGEST_WAVE added to the frequency."""
    # Made on the CPU: a copy cannot be recorded, so that nothing is kept that has no values yet.
    down, across = torch.fft.fftfreq(height).unsqueeze(1), torch.fft.rfftfreq(width)
    return ((torch.hypot(down, across) + 1 / LONGEST_WAVE) ** -power).to(device)
