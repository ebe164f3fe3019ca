"""Matrices of the channels of a feature map: Gram, covariance, correlation.

Each function takes a feature map of C channels, (C, H, W) or flattened (C, N), and returns a
symmetric (C, C) matrix. With `weights` (N,), which sum to 1, each position counts in proportion to
its weight (the guided Gram matrices of Gatys et al. 2017, "Controlling Perceptual Factors in Neural
Style Transfer"); without, all count the same. In place of a map and weights `Moments` will do.
"""

from typing import Any

import torch
from torch import Tensor

from style_transfer.losses.means import channel_means
from style_transfer.losses.moments import Moments
from style_transfer.network import product_with_symmetric

Features = Tensor | Moments
_MIN_FREEDOM = 1e-6  # where all weight is on one position, whose covariance is 0 anyway


def gram_matrix(activation: Tensor) -> Tensor:
    """Return M M^T, the sums over positions of products of channels.

    Gatys, Ecker and Bethge 2015, "A Neural Algorithm of Artistic Style", eq. 3.

    >>> gram_matrix(torch.tensor([[19., 20.], [9., 8.]]))
    tensor([[761., 331.],
            [331., 145.]])
    """
    return _self_product(activation.flatten(1))


def mean_gram_matrix(activation: Features, weights: Tensor | None = None) -> Tensor:
    """Return the Gram matrix (C, C) of features, divided by the number of positions N.

    With `weights` (N,), which sum to 1, positions count by these instead.

    Differs from the paper because images of different sizes must be comparable: sums grow with the
    size, means do not.
    """
    if isinstance(activation, Moments):
        return activation.products
    if weights is not None:
        return _self_product(activation.flatten(1), weights=weights)
    return gram_matrix(activation) / activation[0].numel()


def mean_and_second_moments(
    activation: Features, weights: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Return the means of the channels, (C,), and the `mean_gram_matrix`.

    Differentiated together, they take memory for one gradient of the activation, not for three.
    """
    if isinstance(activation, Moments):
        return activation.mean, activation.products
    found: tuple[Tensor, Tensor] = _Moments.apply(activation.flatten(1), weights, False)
    return found


def mean_and_covariance(
    activation: Features, weights: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Return the means of the channels, (C,), and their covariances divided by N, (C, C)."""
    if isinstance(activation, Moments):
        return activation.mean, activation.covariance
    found: tuple[Tensor, Tensor] = _Moments.apply(activation.flatten(1), weights, True)
    return found


def covariance_matrix(activation: Features, weights: Tensor | None = None) -> Tensor:
    """Return the covariances of the channels, 1 / (N - 1) sum (x - mean x) (y - mean y).

    With weights w the divisor is N (1 - sum w^2), which is N - 1 where all are 1 / N. Raises
    ValueError for a map of a single position.

    >>> covariance_matrix(torch.tensor([[1., 2., 3.], [2., 4., 6.]]))
    tensor([[1., 2.],
            [2., 4.]])
    """
    if isinstance(activation, Moments):
        return activation.covariance / activation.freedom.clamp_min(_MIN_FREEDOM)
    products, count = _centred_product(activation, weights), activation[0].numel()
    if weights is None:
        return products / (count - 1)
    freedom = (1 - weights.square().sum()).clamp_min(_MIN_FREEDOM)
    return products / (count * freedom)


def correlation_matrix(activation: Features, weights: Tensor | None = None) -> Tensor:
    """Return the correlations of the channels: covariances over both standard deviations.

    The row and column of a constant channel are 0, the diagonal included, and it gets no gradient.
    Raises ValueError for a map of a single position.

    >>> correlation_matrix(torch.tensor([[1., 1., 3., 3.], [6., 6., 2., 2.], [5., 5., 5., 5.]]))
    tensor([[ 1., -1.,  0.],
            [-1.,  1.,  0.],
            [ 0.,  0.,  0.]])
    """
    if isinstance(activation, Moments):
        products, count, peak = activation.covariance, 1, activation.peak
    else:
        flat = activation.flatten(1)
        products, count = _centred_product(activation, weights), flat.shape[1]
        peak = flat.detach().abs().amax(1)
    energy = products.diagonal()  # (C,)
    # Rounding leaves a constant channel a tiny energy, which must not be normalised to 1.
    varies = energy > count * (8 * torch.finfo(peak.dtype).eps * peak) ** 2
    # The inner `where` keeps the square root's infinite slope at 0 out of the gradient.
    norm = torch.where(varies, energy, torch.ones_like(energy)).sqrt()
    scale = torch.where(varies, 1 / norm, torch.zeros_like(energy))
    return products * scale * scale.unsqueeze(1)


class _SelfProduct(torch.autograd.Function):
    """(M - m) W (M - m)^T for M (C, N), with a diagonal W (N,) and the row means m (C, 1).

    Without means m is 0, without weights W is the identity. The backward pass is one matrix product
    where autograd makes two, and stores no copy of M. Treating m as a constant there is exact,
    because the rows of M - m sum to 0.
    """

    @staticmethod
    def forward(ctx: Any, flat: Tensor, mean: Tensor | None, weights: Tensor | None) -> Tensor:
        ctx.save_for_backward(flat, mean, weights)
        if mean is not None:
            flat = flat - mean
        if weights is not None:
            flat = flat * weights.sqrt()
        return flat @ flat.T

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        flat, mean, weights = ctx.saved_tensors
        both, last = gradient + gradient.T, flat.T  # (N, C), channels last as in the convolutions
        result = product_with_symmetric(last, both)
        if mean is not None:
            result.sub_(mean.T @ both)
        if weights is not None:
            result.mul_(weights.unsqueeze(1))
        return result.T, None, None


class _Moments(torch.autograd.Function):
    """The means of M (C, N) by weights (N,) or alike, (C,), and its products by them, (C, C).

    Or in place of the products, where they are to be `centred`, the covariances.
    """

    @staticmethod
    def forward(
        ctx: Any, flat: Tensor, weights: Tensor | None, centred: bool
    ) -> tuple[Tensor, Tensor]:
        if weights is None:
            mean, products = channel_means(flat), flat @ flat.T / flat.shape[1]
        else:
            rooted = flat * weights.sqrt()
            mean, products = flat @ weights, rooted @ rooted.T
        ctx.save_for_backward(flat, weights, mean if centred else None)
        if centred:
            products.addr_(mean, mean, alpha=-1)
        return mean, products

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, of_mean: Tensor, of_products: Tensor) -> tuple[Tensor, None, None]:
        flat, weights, mean = ctx.saved_tensors
        share = 1 / flat.shape[1] if weights is None else 1.0
        both, offset = share * (of_products + of_products.T), share * of_mean
        if mean is not None:  # of which the covariances take away the products
            offset = offset.addmv(both, mean, alpha=-1)
        if flat.is_contiguous():  # channels first, as pixels are: so is their gradient
            result = torch.addmm(offset.unsqueeze(1), both, flat)
        else:
            result = product_with_symmetric(flat.T, both, offset).T
        if weights is not None:
            result.mul_(weights)
        return result, None, None


def _self_product(
    flat: Tensor, mean: Tensor | None = None, weights: Tensor | None = None
) -> Tensor:
    result: Tensor = _SelfProduct.apply(flat, mean, weights)
    return result


def _centred_product(activation: Tensor, weights: Tensor | None) -> Tensor:
    """Return the sums over positions of products of centred channels, (C, C)."""
    flat = activation.flatten(1)
    if flat.shape[1] < 2:
        raise ValueError(f"A covariance needs at least 2 positions, not {flat.shape[1]}.")
    if weights is None:
        return _self_product(flat, flat.detach().mean(1, keepdim=True))
    mean = flat.detach() @ weights.unsqueeze(1)
    return _self_product(flat, mean, weights) * flat.shape[1]
