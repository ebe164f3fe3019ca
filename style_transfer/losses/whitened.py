"""The statistic of pixel patches: mean and covariance, every direction of which counts alike."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from style_transfer.devices import precise, returned
from style_transfer.losses.channel_matrices import Features, mean_and_second_moments
from style_transfer.losses.matrix_roots import matrix_sqrt, principal_axes
from style_transfer.losses.moments import Moments
from style_transfer.losses.optimal_transport import Pairs, Shares, Summary, bures_distances

# A target of less variance, as a plain colour, counts less, and is whitened as if it had this one:
# what it lacks would be all that counts.
_USUAL_VARIANCE = 0.01  # of pixels in [0, 1]; paintings have 0.02 to 0.1


@dataclass(frozen=True)
class WhitenedWasserstein:
    """The 2-Wasserstein distance of two Gaussians whose features are whitened by the target's.

    Neighbouring pixels are so alike that brightness has 10^4 times the variance of fine colour
    noise, which no distance of plain covariances sees. Where the target's covariance has become the
    identity, such noise counts as much as a wrong brightness. The distance is divided by the number
    of channels.
    """

    floor: float = 1e-4  # of the mean variance, added to all: what a target lacks may be a little

    def summarize(self, features: Features, weights: Tensor | None = None) -> Summary:
        return mean_and_second_moments(features, weights)

    def target(self, features: Features) -> Summary:
        """Return mean, covariance, whitening and scale, with the whitened covariance's axes."""
        mean, covariance = _precise_covariance(self.summarize(features))
        if covariance.diagonal().mean() < _USUAL_VARIANCE:
            mean, covariance = self._centred(features)
        return _target(mean, covariance, *self._whitening(covariance))

    def mixed(self, targets: Sequence[Summary], shares: Sequence[Shares]) -> list[Summary]:
        """Return the targets of styles that share places, whitened by a covariance that they share.

        `shares` has for each style what part of its places each of them has; they sum to 1. The
        covariance is the mean by these parts, for what is painted there has something of all.
        Whitened by its own, a drawing without colours would let those of the others count 10^4
        times, and none would stay however small its share.
        """
        whitenings = dict[Shares, tuple[Tensor, Tensor]]()
        for parts in {*shares}:
            covariances = [part * each[1] for part, each in zip(parts, targets, strict=True)]
            whitenings[parts] = self._whitening(torch.stack(covariances).sum(0))
        return [
            _target(mean, covariance, *whitenings[parts])
            for (mean, covariance, *_), parts in zip(targets, shares, strict=True)
        ]

    def _whitening(self, covariance: Tensor) -> tuple[Tensor, Tensor]:
        """Return the inverse root of a covariance, and the scale of distances so whitened."""
        variance = covariance.diagonal().mean()
        floor = self.floor * variance.clamp_min(_USUAL_VARIANCE)
        floored = covariance + floor * torch.eye(len(covariance)).to(covariance)
        whitening = torch.linalg.inv(matrix_sqrt(floored, floor))
        return whitening, (variance / _USUAL_VARIANCE).clamp(0, 1) / len(covariance)

    def _centred(self, features: Features) -> Summary:
        """Return mean and covariance in float64, without the rounding of large second moments.

        That of 10^6 positions in float32 is 10^-5 of the square of the mean, more than a faint
        target has of variance.
        """
        if isinstance(features, Moments):
            return precise(features.mean), precise(features.covariance)
        flat = features.flatten(1)
        middle = flat.mean(1, keepdim=True)
        mean, covariance = _precise_covariance(self.summarize(flat - middle))
        return mean + precise(middle.squeeze(1)), covariance

    def distances(self, pairs: Pairs) -> list[Tensor]:
        moved, whitened, axes, scales = [], [], [], []
        for summary, (wanted_mean, _, whitening, scale, *target) in pairs:
            mean, covariance = _precise_covariance(summary)
            moved.append((whitening @ (mean - wanted_mean)).square().sum())
            whitened.append(whitening @ covariance @ whitening)
            axes.append(tuple(target))
            scales.append(scale)
        spreads = bures_distances(whitened, axes)
        found = torch.stack(scales) * (torch.stack(moved) + spreads)
        like = pairs[0][0][0].detach().float()
        return list(returned(found.clamp_min(0).float(), like).unbind())


def _target(mean: Tensor, covariance: Tensor, whitening: Tensor, scale: Tensor) -> Summary:
    axes = principal_axes(whitening @ covariance @ whitening)
    return mean, covariance, whitening, scale, *axes


def _precise_covariance(moments: Summary) -> tuple[Tensor, Tensor]:
    """Return mean and covariance in float64, of means and second moments."""
    mean, products = (precise(each) for each in moments)
    return mean, products - torch.outer(mean, mean)
