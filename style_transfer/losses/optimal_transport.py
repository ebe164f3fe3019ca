"""Optimal-transport distances between the features of two images, taken as Gaussians.

The squared Bures distance of two positive semi-definite matrices A and B is

    tr A + tr B - 2 tr (B^1/2 A B^1/2)^1/2

On uncentred second moments, which are Gram matrices divided by the number of positions, it is a
distance between Gram matrices. It compares their roots, so that small eigenvalues count, where the
mean squared error of the matrices is dominated by the largest ones, that is by mean brightness. On
covariances, with the squared distance of the means added, it is the squared 2-Wasserstein distance
of two Gaussians (Dowson and Landau 1982, "The Frechet distance between multivariate normal
distributions").
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from style_transfer.losses.channel_matrices import mean_gram_matrix

# Of the product of both traces: smaller eigenvalues are rounding, and the gradient does not divide
# by their roots.
_MIN_EIGENVALUE = 1e-10
_MIN_TRACE = (
    1e-4  # of the target's: features that are all 0 have a gradient of 0, not an infinite one
)


@dataclass(frozen=True)
class Bures:
    """The second moments of the channels, compared by their Bures distance over their trace."""

    def summarize(self, features: Tensor, weights: Tensor | None = None) -> tuple[Tensor, ...]:
        return (mean_gram_matrix(features, weights),)

    def target(self, features: Tensor) -> tuple[Tensor, ...]:
        matrix = mean_gram_matrix(features)
        return matrix, matrix_sqrt(matrix), _scale(matrix)

    def distance(self, summary: tuple[Tensor, ...], target: tuple[Tensor, ...]) -> Tensor:
        (matrix,), (wanted, root, scale) = summary, target
        return (bures_distance(matrix, wanted, root) / scale).clamp_min(0)  # rounding goes below


@dataclass(frozen=True)
class Wasserstein:
    """Mean and covariance of the channels, compared by the 2-Wasserstein distance of two Gaussians.

    It is divided by the mean square of the target's features, as `Bures` is.
    """

    def summarize(self, features: Tensor, weights: Tensor | None = None) -> tuple[Tensor, ...]:
        flat = features.flatten(1)
        mean = flat.mean(1) if weights is None else flat @ weights
        return mean, mean_gram_matrix(flat, weights) - torch.outer(mean, mean)

    def target(self, features: Tensor) -> tuple[Tensor, ...]:
        mean, covariance = self.summarize(features)
        return mean, covariance, matrix_sqrt(covariance), _scale(mean_gram_matrix(features))

    def distance(self, summary: tuple[Tensor, ...], target: tuple[Tensor, ...]) -> Tensor:
        (mean, covariance), (wanted_mean, wanted, root, scale) = summary, target
        moved = (mean - wanted_mean).square().sum()
        return ((moved + bures_distance(covariance, wanted, root)) / scale).clamp_min(0)


def bures_distance(matrix: Tensor, target: Tensor, target_root: Tensor) -> Tensor:
    """Return the squared Bures distance of two positive semi-definite (C, C) matrices, 0-d."""
    overlap = _TraceSqrt.apply(matrix, target_root)
    return matrix.diagonal().sum() + target.diagonal().sum() - 2 * overlap


def matrix_sqrt(matrix: Tensor) -> Tensor:
    """Return the symmetric root of a positive semi-definite matrix (C, C), in float64 where it can.

    Eigenvalues below 0, which are rounding, count as 0.
    """
    values, vectors = _eigh(precise(matrix))
    return (vectors * values.clamp_min(0).sqrt()) @ vectors.T


class _TraceSqrt(torch.autograd.Function):
    """tr (R A R)^1/2 for symmetric A and R, (C, C); its gradient is 1/2 R (R A R)^-1/2 R.

    Differs from what autograd makes of `eigh`, which is undefined for equal eigenvalues. Computed
    in float64: the products of float32 leave eigenvalues of 1e-7 of the largest where there should
    be none, and their roots would add up to 1 % of the distance and 8 % of its gradient.
    """

    @staticmethod
    def forward(ctx: Any, matrix: Tensor, root: Tensor) -> Tensor:
        product = root @ matrix.to(root) @ root
        if not product.isfinite().all():  # `eigh` would raise
            ctx.save_for_backward(torch.full_like(product, torch.nan))
            return matrix.new_tensor(torch.nan)
        values, vectors = _eigh((product + product.T) / 2)
        values, basis = values.clamp_min(0), root @ vectors
        wanted = root.square().sum()  # the trace of R^2
        trace = matrix.diagonal().sum().to(root).clamp_min(_MIN_TRACE * wanted)
        least = (_MIN_EIGENVALUE * wanted * trace).clamp_min(torch.finfo(values.dtype).tiny)
        ctx.save_for_backward(((basis / values.clamp_min(least).sqrt()) @ basis.T).to(matrix))
        return values.sqrt().sum().to(matrix)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (transport,) = ctx.saved_tensors
        return 0.5 * gradient * transport, None


def precise(matrix: Tensor) -> Tensor:
    """Return the matrix in float64, on devices that have it."""
    return matrix if matrix.device.type == "mps" else matrix.double()  # Apple's GPUs lack float64


def _eigh(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """Return eigenvalues and eigenvectors of a symmetric matrix, on its device."""
    on = torch.device("cpu") if matrix.device.type == "mps" else matrix.device
    values, vectors = torch.linalg.eigh(matrix.to(on))
    return values.to(matrix.device), vectors.to(matrix.device)


def _scale(matrix: Tensor) -> Tensor:
    return (
        matrix.diagonal().sum().clamp_min(torch.finfo(matrix.dtype).tiny ** 0.5)
    )  # of features that are all 0
