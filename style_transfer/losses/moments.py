"""Moments: mean and covariance of the channels, summed over parts of a feature map.

Statistics take them where the whole feature map would not fit into memory. Each part is centred by
its own mean, and the parts are joined in float64, so that nothing of a small covariance is lost
beside a large mean (Chan, Golub and LeVeque 1983, "Algorithms for Computing the Sample Variance").
"""

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from style_transfer.devices import precise, returned
from style_transfer.network import product_with_symmetric

Part = tuple[slice, slice]  # rows and columns of an activation


@dataclass(frozen=True, eq=False)
class Moments:
    """What statistics need of a feature map of C channels, `precise` unless `to` changed that."""

    mean: Tensor  # (C,)
    covariance: Tensor  # (C, C), divided by the sum of the weights
    peak: Tensor  # (C,): the largest absolute value
    weight: Tensor  # 0-d: the sum of the weights, which are 1 where none are given
    squares: Tensor  # 0-d: the sum of their squares

    @classmethod
    @torch.no_grad()
    def of(cls, features: Tensor, weights: Tensor | None = None) -> "Moments":
        """Return the moments of features (C, H, W) or (C, N), with weights (N,) from 0 on."""
        flat = features.flatten(1)
        if weights is None:
            weights = flat.new_ones(1).expand(flat.shape[1])
        total = weights.sum()
        shares = weights / total.clamp_min(torch.finfo(flat.dtype).tiny)
        mean = flat @ shares
        centred = (flat - mean.unsqueeze(1)) * shares.sqrt()
        found = mean, centred @ centred.T, flat.abs().amax(1), total, weights.square().sum()
        return cls(*map(precise, found))

    def joined(self, other: "Moments") -> "Moments":
        """Return the moments of the features of both."""
        weight = self.weight + other.weight
        tiny = torch.finfo(weight.dtype).tiny
        share, moved = other.weight / weight.clamp_min(tiny), other.mean - self.mean
        between = share * (1 - share) * torch.outer(moved, moved)
        return Moments(
            self.mean + share * moved,
            torch.lerp(self.covariance, other.covariance, share) + between,
            torch.maximum(self.peak, other.peak),
            weight,
            self.squares + other.squares,
        )

    def widened(self, whole: "Moments", positions: float) -> "Moments":
        """Return them joined with so many `positions` of the whole image that they are a part of.

        Of few positions the covariance is of low rank, and a picture could but copy them. With the
        n positions of equal weight that the part is worth, products A become
        (n A + k A_whole) / (n + k), and the mean likewise: shrinkage.
        """
        tiny = torch.finfo(self.weight.dtype).tiny
        worth = self.weight.square() / self.squares.clamp_min(tiny)
        return self._weighing(worth).joined(whole._weighing(worth.new_tensor(positions)))

    def _weighing(self, total: Tensor) -> "Moments":
        """Return the same moments, with weights of this sum."""
        factor = total / self.weight.clamp_min(torch.finfo(total.dtype).tiny)
        return replace(self, weight=total, squares=self.squares * factor.square())

    def to(self, like: Tensor) -> "Moments":
        """Return them in the type and on the device of a tensor, differentiably."""
        each = self.mean, self.covariance, self.peak, self.weight, self.squares
        return Moments(*(returned(tensor, like) for tensor in each))

    @property
    def products(self) -> Tensor:
        """The weighted mean products of channels, (C, C)."""
        return self.covariance + torch.outer(self.mean, self.mean)

    @property
    def freedom(self) -> Tensor:
        """One minus the sum of the squares of weights that sum to 1: 1 - 1 / N where all do."""
        return 1 - self.squares / self.weight.square()

    def __len__(self) -> int:
        """The number of channels."""
        return len(self.mean)


def moments_slope(
    activation: Tensor,
    part: Part,
    moments: Moments,
    slopes: tuple[Tensor, Tensor],
    weights: Tensor | None = None,
) -> Tensor:
    """Return 0, with the gradient of a function of the moments by an activation (1, C, h, w).

    `moments` are of the whole feature map, `slopes` the derivatives of that function by their mean
    and covariance; the positions in `part` of the activation belong to the map, and have `weights`
    (n,) in it.
    """
    of_mean, of_covariance = slopes
    both = of_covariance + of_covariance.T
    offset, share = of_mean - both @ moments.mean, 1 / moments.weight
    found: Tensor = _Slope.apply(
        activation,
        part,
        returned(share * both, activation),
        returned(share * offset, activation),
        weights,
    )
    return found


class _Slope(torch.autograd.Function):
    """0, with the gradient weights (matrix x + offset) at each position x of a part.

    It keeps the activation, which the network keeps anyway, and no copy of the part.
    """

    @staticmethod
    def forward(
        ctx: Any,
        activation: Tensor,
        part: Part,
        matrix: Tensor,
        offset: Tensor,
        weights: Tensor | None,
    ) -> Tensor:
        ctx.part = part
        ctx.save_for_backward(activation, matrix, offset, weights)
        return activation.new_zeros(())

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        activation, matrix, offset, weights = ctx.saved_tensors
        rows = activation[0][:, ctx.part[0], ctx.part[1]].permute(1, 2, 0)  # (h, w, C)
        slopes = product_with_symmetric(rows.flatten(0, 1), gradient * matrix, gradient * offset)
        if weights is not None:
            slopes.mul_(weights.unsqueeze(1))
        result = torch.zeros_like(activation)
        result[0][:, ctx.part[0], ctx.part[1]] = slopes.view(rows.shape).permute(2, 0, 1)
        return result, None, None, None, None
