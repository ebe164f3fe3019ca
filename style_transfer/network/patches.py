"""Patches of pixels as a layer of features, before the first convolution of the network."""

from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

_SIDE = 3  # px; also the number of colours
PATCH_CHANNELS = _SIDE**3


def pixel_patches(image: Tensor) -> Tensor:
    """Return the 3 x 3 patches of an image (1, 3, H, W) as features, (1, 27, H - 2, W - 2).

    The channels are the components of the three-dimensional discrete cosine transform of rows,
    columns and colours, which is orthonormal: they tell what the 27 numbers themselves tell. Coarse
    and fine, brightness and colour lie in channels of their own, so that the small products of fine
    detail are not lost beside the large ones of brightness in float32.
    """
    height, width = image.shape[-2] - _SIDE + 1, image.shape[-1] - _SIDE + 1
    found = _basis(image.dtype, image.device) @ F.unfold(image, _SIDE)
    return found.view(1, PATCH_CHANNELS, height, width)


@lru_cache(maxsize=8)
def _basis(dtype: torch.dtype, device: torch.device) -> Tensor:
    """Return the basis of the transform, (27, 27): by component, then colour, row and column."""
    places = torch.arange(_SIDE, dtype=torch.float64)
    waves = torch.cos(torch.pi / _SIDE * (places + 0.5) * places.unsqueeze(1))
    basis = waves / waves.norm(dim=1, keepdim=True)  # (component, place)
    products = torch.einsum("ic,jy,kx->ijkcyx", basis, basis, basis)
    return products.reshape(PATCH_CHANNELS, PATCH_CHANNELS).to(dtype).to(device)
