"""Colours: a painting in the photo's colours, and a picture that keeps the photo's.

Gatys et al. 2017, "Controlling Perceptual Factors in Neural Style Transfer", section 5. Pictures
are (1, 3, H, W) RGB in [0, 1].
"""

import torch
from torch import Tensor

LUMA = (0.299, 0.587, 0.114)  # of red, green and blue, ITU-R BT.601: the Y of the paper's YIQ
MAX_GAIN = 5.0  # a painting with less colour has noise in its place, which must not be blown up
_LEAST = 1e-6  # variance, a quarter of a level of 255; a constant picture has none at all


def match_colors(picture: Tensor, model: Tensor) -> Tensor:
    """Return `picture` with the mean and the covariance of the colours of `model`.

    Of all linear maps that do so, this symmetric one moves the colours least, so hues do not
    rotate: A = P^-1/2 (P^1/2 M P^1/2)^1/2 P^-1/2. No colour is spread more than MAX_GAIN times.
    What leaves [0, 1] is clipped. Pitie and Kokaram 2007, "The Linear Monge-Kantorovitch Linear
    Colour Mapping for Example-Based Colour Transfer".
    """
    mean, covariance = _statistics(picture)
    wanted_mean, wanted = _statistics(model)
    root = _power(covariance, 0.5)
    inverse = _power(covariance, -0.5)
    matrix = _power(inverse @ _power(root @ wanted @ root, 0.5) @ inverse, 1.0, MAX_GAIN)
    colors = picture[0].flatten(1).double()  # (3, N)
    matched = matrix @ (colors - mean) + wanted_mean
    return matched.clamp(0, 1).to(picture.dtype).view_as(picture)


def keep_colors(picture: Tensor, photo: Tensor, amount: float) -> Tensor:
    """Return `picture` with its colours moved to those of `photo`, 0 not at all, 1 altogether.

    The luma stays the picture's. A colour that a screen cannot show at that luma is made paler.
    """
    if not amount:
        return picture
    luma, photo_luma = _luma(picture), _luma(photo)
    chroma = torch.lerp(picture - luma, photo - photo_luma, amount)
    room = torch.where(chroma > 0, 1 - luma, luma)  # until white or black
    fits = (room / chroma.abs().clamp_min(1e-6)).amin(1, keepdim=True).clamp(0, 1)
    return (luma + fits * chroma).clamp(0, 1)


def _luma(picture: Tensor) -> Tensor:
    """Return (1, 1, H, W), the brightness that the eye sees."""
    weights = torch.tensor(LUMA, dtype=picture.dtype, device=picture.device)
    return (picture * weights.view(1, 3, 1, 1)).sum(1, keepdim=True)


def _statistics(picture: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean (3, 1) and covariance (3, 3), which can be inverted whatever the picture."""
    colors = picture[0].flatten(1).double()
    mean = colors.mean(1, keepdim=True)
    centred = colors - mean
    least = _LEAST * torch.eye(3, dtype=colors.dtype, device=colors.device)
    return mean, centred @ centred.T / colors.shape[1] + least


def _power(matrix: Tensor, exponent: float, most: float = float("inf")) -> Tensor:
    """Return a symmetric matrix to a power, by its eigenvalues, of which none is above `most`."""
    values, vectors = torch.linalg.eigh((matrix + matrix.T) / 2)
    return (vectors * values.clamp_min(0).pow(exponent).clamp(max=most)) @ vectors.T
