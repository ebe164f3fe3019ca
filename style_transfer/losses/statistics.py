"""Style statistics: what is computed of a layer's features, and how two of them are compared.

A new statistic is a class in a file of its own and an entry of `STATISTICS`; the page, the command
line and the endpoint list it from there.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from style_transfer.losses.channel_matrices import (
    Features,
    correlation_matrix,
    covariance_matrix,
    mean_gram_matrix,
)
from style_transfer.losses.means import mean_square
from style_transfer.losses.moments import Moments
from style_transfer.losses.optimal_transport import (
    Bures,
    Pairs,
    Shares,
    Summary,
    Wasserstein,
    evenly_scaled,
)
from style_transfer.losses.whitened import WhitenedWasserstein
from style_transfer.network import PIXELS

# A style image whose matrix is smaller than this share of what is usual has next to no such
# structure, as a plain colour has no covariance. Its errors are relative to this share instead.
_MIN_SHARE = 1e-3


class Statistic(Protocol):
    """Summarises the features of a layer and measures the distance between two summaries.

    An immutable value that several runs share. `features` are those of one layer, flat (C, N) or
    (C, H, W): C channels at N positions; or `Moments` of them, which have the weights in them.
    """

    def summarize(self, features: Features, weights: Tensor | None = None) -> Summary:
        """Return the summary of the image that is optimised; called in every step, under autograd.

        With `weights` (N,), which sum to 1 or are all 0, each position counts in proportion to its
        weight.
        """

    def target(self, features: Features) -> Summary:
        """Return what `distances` compares with, of a style image; called once, without autograd.

        May hold more than `summarize` returns, such as a scale or a factorisation.
        """

    def mixed(self, targets: Sequence[Summary], shares: Sequence[Shares]) -> list[Summary]:
        """Return the targets of styles that share places, so that their distances compare.

        `shares` has for each style what part of its places each of them has; they sum to 1. What
        is nearest to all of them, by their shares, is to have something of each as its share says.
        By the distances of each alone, which are relative to its own features, the faintest would
        count most: by 100 to 1 between bundled paintings.
        """

    def distances(self, pairs: Pairs) -> list[Tensor]:
        """Return the distance of each summary from its target as a 0-d tensor.

        It is 0 for equal features, differentiable in `summary`, and relative to the target: about 1
        for features that have nothing in common with it, whatever layer and network they are of.
        Those of all layers are asked for at once, so that costly ones are computed side by side.
        """


@dataclass(frozen=True)
class MatrixStatistic:
    """A (C, C) matrix, compared by its mean squared error over the mean square of the target.

    Differs from Gatys et al. 2015 because sums of raw activations differ by 10^3 to 10^6 between
    layers, networks and sizes; relative errors give alpha and beta the same meaning everywhere.
    """

    matrix: Callable[[Features, Tensor | None], Tensor]  # of features and weights
    min_scale: Callable[[Features], Tensor | float]  # the least mean square to divide by

    def summarize(self, features: Features, weights: Tensor | None = None) -> Summary:
        return (self.matrix(features, weights),)

    def target(self, features: Features) -> Summary:
        matrix = self.matrix(features, None)
        scale = matrix.square().mean().clamp_min(self.min_scale(features))
        return matrix, scale.clamp_min(torch.finfo(matrix.dtype).tiny)

    def mixed(self, targets: Sequence[Summary], shares: Sequence[Shares]) -> list[Summary]:
        return evenly_scaled(targets, shares, 1)

    def distances(self, pairs: Pairs) -> list[Tensor]:
        return [mean_square(matrix - wanted) / scale for (matrix,), (wanted, scale) in pairs]


def _zero(_: Features) -> float:
    return 0.0


def _gram_energy(features: Features) -> Tensor:
    """Return _MIN_SHARE of the mean square of the Gram matrix."""
    return _MIN_SHARE * mean_gram_matrix(features).square().mean()


def _uncorrelated_energy(features: Features) -> Tensor:
    """Return the mean square of the identity, the correlations of white noise.

    In whole: paintings have at least twice as much, and the faintest noise over a plain colour has
    correlations as large as theirs.
    """
    like = features.mean if isinstance(features, Moments) else features
    return like.new_tensor(1 / len(features))


STATISTICS: dict[str, Statistic] = {  # from colours and texture to texture alone
    "gram": MatrixStatistic(mean_gram_matrix, _zero),
    "bures": Bures(),
    "wasserstein": Wasserstein(),
    "covariance": MatrixStatistic(covariance_matrix, _gram_energy),
    "correlation": MatrixStatistic(correlation_matrix, _uncorrelated_energy),
}

_OF_PIXELS = WhitenedWasserstein()


def statistic_of(layer: str, name: str) -> Statistic:
    """Return the statistic by which a style layer is compared where `name` is chosen.

    That of "pixels" is always the same: the matrices of `STATISTICS` hardly see fine detail there.
    """
    return _OF_PIXELS if layer == PIXELS else STATISTICS[name]
