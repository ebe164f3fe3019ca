"""Colour transfer: match one image's colours to another's, or keep the content's in the result.

Gatys et al. 2017, "Controlling Perceptual Factors in Neural Style Transfer", section 5. Images are
(1, 3, H, W) RGB in [0, 1].
"""

import torch
from torch import Tensor

from style_transfer.devices import precise, returned

LUMA = (0.299, 0.587, 0.114)  # of red, green and blue, ITU-R BT.601: the Y of the paper's YIQ
MAX_GAIN = 5.0  # along any colour axis; an image of little colour has mostly noise there
_MIN_VARIANCE = 1e-6  # a quarter of a level of 255, squared; a constant image has none


def match_colors(image: Tensor, reference: Tensor) -> Tensor:
    """Return `image` with the mean and covariance of the colours of `reference`.

    Of the linear maps A with that result this one is symmetric, so that hues do not rotate:
    A = P^-1/2 (P^1/2 R P^1/2)^1/2 P^-1/2 for the covariances P of `image` and R of `reference`. Its
    eigenvalues are limited to MAX_GAIN, and the result is clipped to [0, 1]. Pitie and Kokaram
    2007, "The Linear Monge-Kantorovitch Linear Colour Mapping for Example-Based Colour Transfer".
    """
    mean, covariance = _mean_and_covariance(image)
    target_mean, target = _mean_and_covariance(reference)
    root = _matrix_power(covariance, 0.5)
    inverse = _matrix_power(covariance, -0.5)
    product = inverse @ _matrix_power(root @ target @ root, 0.5) @ inverse
    matrix = _matrix_power(product, 1.0, MAX_GAIN)
    colors = precise(image[0].flatten(1))  # (3, N)
    matched = matrix @ (colors - mean) + target_mean
    return returned(matched.clamp(0, 1), image).view_as(image)


def keep_colors(image: Tensor, content: Tensor, amount: float) -> Tensor:
    """Return `image` with its chroma moved towards that of `content`; `amount` is in [0, 1].

    The luma stays that of `image`. A colour outside [0, 1] at that luma is desaturated.
    """
    if not amount:
        return image
    luma, content_luma = _luma(image), _luma(content)
    chroma = torch.lerp(image - luma, content - content_luma, amount)
    headroom = torch.where(chroma > 0, 1 - luma, luma)  # to white or black
    factor = (headroom / chroma.abs().clamp_min(1e-6)).amin(1, keepdim=True).clamp(0, 1)
    return (luma + factor * chroma).clamp(0, 1)


def _luma(image: Tensor) -> Tensor:
    """Return the luma (1, 1, H, W)."""
    weights = torch.tensor(LUMA, dtype=image.dtype, device=image.device)
    return (image * weights.view(1, 3, 1, 1)).sum(1, keepdim=True)


def _mean_and_covariance(image: Tensor) -> tuple[Tensor, Tensor]:
    """Return the mean (3, 1) and the covariance (3, 3) of the colours, which is invertible."""
    colors = precise(image[0].flatten(1))
    mean = colors.mean(1, keepdim=True)
    centred = colors - mean
    least = _MIN_VARIANCE * torch.eye(3, dtype=colors.dtype, device=colors.device)
    return mean, centred @ centred.T / colors.shape[1] + least


def _matrix_power(matrix: Tensor, exponent: float, limit: float = float("inf")) -> Tensor:
    """Return a symmetric matrix to a power, its resulting eigenvalues clipped to [0, limit]."""
    values, vectors = torch.linalg.eigh((matrix + matrix.T) / 2)
    return (vectors * values.clamp_min(0).pow(exponent).clamp(max=limit)) @ vectors.T
