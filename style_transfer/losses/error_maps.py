"""Where a style loss comes from: the distance of a layer, position by position.

The weighted mean of a map is the distance itself. Where matrices are compared by their mean squared
error, with D = G - A the difference of the picture's matrix G from the painting's A, a position of
features f has

    f^T D f - <D, A>

over the same scale as the distance: the mean of the first is <D, G>, so that ||D||^2 is left. A
position may be below 0; more of such would make the loss smaller. Where Gaussians are compared, a
position has its part of the transport, the squared way from f to T f by the linear map that
carries the picture's Gaussian onto the painting's.
"""

from collections.abc import Callable, Sequence
from functools import singledispatch

import torch
from torch import Tensor

from style_transfer.devices import precise
from style_transfer.losses.channel_matrices import (
    correlation_matrix,
    covariance_matrix,
    mean_and_second_moments,
    mean_gram_matrix,
)
from style_transfer.losses.matrix_roots import root_traces
from style_transfer.losses.optimal_transport import SCALE, Bures, Summary, Wasserstein
from style_transfer.losses.statistics import MatrixStatistic, Statistic
from style_transfer.losses.whitened import WhitenedWasserstein


@torch.no_grad()
def error_map(
    statistic: Statistic, features: Tensor, target: Summary, weights: Tensor | None = None
) -> Tensor:
    """Return the part of each position of features (C, N) in the distance from `target`, (N,).

    `target` and `weights` are as in `Statistic`; the mean of the map, by the weights where there
    are any, is the distance.
    """
    found = _parts(statistic, features, target, weights)
    (distance,) = statistic.distances([(statistic.summarize(features, weights), target)])
    mean = found.mean() if weights is None else (found * weights.to(found)).sum()
    # What the target has and no position: with fewer positions than channels, a part of its spread.
    return found + (distance.to(found) - mean)


@singledispatch
def _parts(
    statistic: Statistic, features: Tensor, target: Summary, weights: Tensor | None
) -> Tensor:
    raise NotImplementedError(type(statistic))


@_parts.register
def _(
    statistic: MatrixStatistic, features: Tensor, target: Summary, weights: Tensor | None
) -> Tensor:
    wanted, scale = target
    difference = statistic.matrix(features, weights) - wanted
    rows = _normalised[statistic.matrix](features, weights)  # whose mean product is the matrix
    own = (rows * (difference @ rows)).sum(0)
    return (own - (difference * wanted).sum()) / (scale * difference.numel())


@_parts.register
def _(_: Bures, features: Tensor, target: Summary, weights: Tensor | None) -> Tensor:
    scale, *axes = target
    moved = _transport(mean_gram_matrix(features, weights), axes) @ features
    return SCALE * (features - moved).square().sum(0) / scale


@_parts.register
def _(_: Wasserstein, features: Tensor, target: Summary, weights: Tensor | None) -> Tensor:
    scale, wanted, *axes = target
    mean, products = mean_and_second_moments(features, weights)
    transport = _transport(products - torch.outer(mean, mean), axes)
    centred = features - mean.unsqueeze(1)
    moved = wanted.unsqueeze(1) + transport @ centred
    return SCALE * (features - moved).square().sum(0) / scale


@_parts.register
def _(_: WhitenedWasserstein, features: Tensor, target: Summary, weights: Tensor | None) -> Tensor:
    wanted, _covariance, whitening, scale, *axes = target
    white = whitening @ precise(features)
    mean, products = mean_and_second_moments(white, None if weights is None else weights.to(white))
    transport = _transport(products - torch.outer(mean, mean), axes)
    moved = (whitening @ wanted).unsqueeze(1) + transport.to(white) @ (white - mean.unsqueeze(1))
    return (scale * (white - moved).square().sum(0)).to(features)


def _transport(matrix: Tensor, axes: Sequence[Tensor]) -> Tensor:
    """Return the linear map that carries a Gaussian of covariance `matrix` onto that of `axes`."""
    ((_, gradient),) = root_traces([matrix], [tuple(axes)])
    return 2 * gradient


def _plain(features: Tensor, _: Tensor | None) -> Tensor:
    return features


def _centred(features: Tensor, weights: Tensor | None) -> Tensor:
    """Return centred features whose mean product, by the weights, is the covariance matrix."""
    count = features.shape[1]
    if weights is None:
        return (features - features.mean(1, keepdim=True)) * (count / (count - 1)) ** 0.5
    freedom = (1 - weights.square().sum()).clamp_min(1e-6)
    return (features - (features @ weights).unsqueeze(1)) / freedom.sqrt()


def _standardised(features: Tensor, weights: Tensor | None) -> Tensor:
    """Return centred features over their deviations: the mean product is the correlation matrix."""
    centred = _centred(features, weights)
    varies = correlation_matrix(features, weights).diagonal() > 0
    energy = centred.square().mean(1) if weights is None else centred.square() @ weights
    return centred * torch.where(varies, energy, torch.inf).rsqrt().unsqueeze(1)


_normalised: dict[Callable[..., Tensor], Callable[[Tensor, Tensor | None], Tensor]] = {
    mean_gram_matrix: _plain,
    covariance_matrix: _centred,
    correlation_matrix: _standardised,
}
