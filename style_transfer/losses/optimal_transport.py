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

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from style_transfer.losses.channel_matrices import (
    Features,
    mean_and_covariance,
    mean_gram_matrix,
)
from style_transfer.losses.matrix_roots import Axes, principal_axes, root_traces

SCALE = 1.6  # of both distances: beta 5 leaves as much content as with Gram matrices, by the mean

Summary = tuple[Tensor, ...]
Shares = tuple[float, ...]  # of styles, which sum to 1
Pairs = Sequence[tuple[Summary, Summary]]  # summaries and targets


@dataclass(frozen=True)
class Bures:
    """The second moments of the channels, compared by their Bures distance over their trace."""

    def summarize(self, features: Features, weights: Tensor | None = None) -> Summary:
        return (mean_gram_matrix(features, weights),)

    def target(self, features: Features) -> Summary:
        matrix = mean_gram_matrix(features)
        return _scale(matrix), *principal_axes(matrix)

    def mixed(self, targets: Sequence[Summary], shares: Sequence[Shares]) -> list[Summary]:
        return evenly_scaled(targets, shares, 0)

    def distances(self, pairs: Pairs) -> list[Tensor]:
        matrices, axes = zip(*((matrix, each[1:]) for (matrix,), each in pairs), strict=True)
        scales = torch.stack([target[0] for _, target in pairs])
        return _relative(bures_distances(matrices, axes), scales)


@dataclass(frozen=True)
class Wasserstein:
    """Mean and covariance of the channels, compared by the 2-Wasserstein distance of two Gaussians.

    It is divided by the mean square of the target's features, as `Bures` is.
    """

    def summarize(self, features: Features, weights: Tensor | None = None) -> Summary:
        return mean_and_covariance(features, weights)

    def target(self, features: Features) -> Summary:
        mean, covariance = self.summarize(features)
        return _scale(mean_gram_matrix(features)), mean, *principal_axes(covariance)

    def mixed(self, targets: Sequence[Summary], shares: Sequence[Shares]) -> list[Summary]:
        return evenly_scaled(targets, shares, 0)

    def distances(self, pairs: Pairs) -> list[Tensor]:
        covariances, axes = zip(*((summary[1], each[2:]) for summary, each in pairs), strict=True)
        away = [mean - wanted for (mean, _), (_, wanted, *_) in pairs]
        scales = torch.stack([target[0] for _, target in pairs])
        moved = torch.stack([torch.dot(each, each) for each in away])
        return _relative(moved + bures_distances(covariances, axes), scales)


def evenly_scaled(targets: Sequence[Summary], shares: Sequence[Shares], at: int) -> list[Summary]:
    """Return targets with other scales, which have the place `at`, for `Statistic.mixed`.

    The mean of several targets A by weights w is nearest to all of them by these weights. With
    w = share / sqrt(scale), where sqrt(scale) is the size of A, this is the mean of equally large
    targets: each is seen as its share says, however faint it is.
    """
    mixed = list[Summary]()
    for target, parts in zip(targets, shares, strict=True):
        sizes = [part * each[at].sqrt() for part, each in zip(parts, targets, strict=True)]
        scale = target[at].sqrt() * torch.stack(sizes).sum()
        mixed.append((*target[:at], scale, *target[at + 1 :]))
    return mixed


def bures_distances(matrices: Sequence[Tensor], targets: Sequence[Axes]) -> Tensor:
    """Return the squared Bures distances of n matrices (C, C) from their targets, (n,).

    Both are positive semi-definite; the targets are given by their `principal_axes`.
    """
    distances: Tensor = _BuresDistances.apply(targets, *matrices)
    return distances


class _BuresDistances(torch.autograd.Function):
    """The distances, and their gradients, which are the identity less the linear transport map."""

    @staticmethod
    def forward(ctx: Any, targets: Sequence[Axes], *matrices: Tensor) -> Tensor:
        overlaps, slopes = zip(*root_traces(matrices, targets), strict=True)
        ctx.save_for_backward(*slopes)
        traces = torch.stack([matrix.diagonal().sum() for matrix in matrices])
        return traces + torch.stack([trace for trace, *_ in targets]) - 2 * torch.stack(overlaps)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradients: Tensor) -> tuple[Tensor | None, ...]:
        found, factors = list[Tensor](), (-2 * gradients).unbind()
        for slope, factor, gradient in zip(
            ctx.saved_tensors, factors, gradients.unbind(), strict=True
        ):
            result = factor * slope
            result.diagonal().add_(gradient)
            found.append(result)
        return None, *found


def _relative(distances: Tensor, scales: Tensor) -> list[Tensor]:
    """Return SCALE times distances (n,) over their scales, each 0-d and at least 0."""
    return list((SCALE * (distances / scales).clamp_min(0)).unbind())  # rounding goes below 0


def _scale(matrix: Tensor) -> Tensor:
    """Return the trace, or something above 0 where all features are 0."""
    return matrix.diagonal().sum().clamp_min(torch.finfo(matrix.dtype).tiny ** 0.5)
