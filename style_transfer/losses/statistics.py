"""What makes a style: how the channels of a feature map go together, wherever in the picture.

Each statistic takes a feature map of C channels, (C, H, W) or flattened (C, N), and returns a
symmetric (C, C) matrix. `STATISTICS` lists those that a run can match, by name. With `weights`
(N,), which sum to 1, it is that of a region: each position counts as much as it weighs (the guided
Gram matrices of Gatys et al. 2017, "Controlling Perceptual Factors in Neural Style Transfer").
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from style_transfer.network import onednn

_LEAST_FREE = 1e-6  # of a region that is a single position, whose covariance is 0 anyway


def gram_matrix(activation: Tensor) -> Tensor:
    """Return M M^T, the sums over positions of products of channels.

    Gatys, Ecker and Bethge 2015, "A Neural Algorithm of Artistic Style", eq. 3.

    >>> gram_matrix(torch.tensor([[19., 20.], [9., 8.]]))
    tensor([[761., 331.],
            [331., 145.]])
    """
    return _self_product(activation.flatten(1))


def mean_gram_matrix(activation: Tensor, weights: Tensor | None = None) -> Tensor:
    """Return the Gram matrix divided by the number of positions N.

    Differs from the paper because pictures of different sizes must compare: the sums grow with
    the picture, the means do not.
    """
    if weights is not None:
        return _self_product(activation.flatten(1), weights=weights)
    return gram_matrix(activation) / activation[0].numel()


def covariance_matrix(activation: Tensor, weights: Tensor | None = None) -> Tensor:
    """Return the covariances of the channels, 1 / (N - 1) sum (x - mean x) (y - mean y).

    Raises ValueError for a map of a single position.

    >>> covariance_matrix(torch.tensor([[1., 2., 3.], [2., 4., 6.]]))
    tensor([[1., 2.],
            [2., 4.]])
    """
    products, count = _centred_product(activation, weights), activation[0].numel()
    if weights is None:
        return products / (count - 1)
    free = (1 - weights.square().sum()).clamp_min(_LEAST_FREE)  # 1 - 1/N where all weigh the same
    return products / (count * free)


def correlation_matrix(activation: Tensor, weights: Tensor | None = None) -> Tensor:
    """Return the correlations of the channels: their covariances over both standard deviations.

    A channel that is constant correlates with nothing: its row and column are 0, itself included,
    and no gradient reaches it. Raises ValueError for a map of a single position.

    >>> correlation_matrix(torch.tensor([[1., 1., 3., 3.], [6., 6., 2., 2.], [5., 5., 5., 5.]]))
    tensor([[ 1., -1.,  0.],
            [-1.,  1.,  0.],
            [ 0.,  0.,  0.]])
    """
    flat = activation.flatten(1)
    products = _centred_product(activation, weights)
    energy = products.diagonal()  # (C,)
    # What rounding leaves of a constant channel is not zero; it must not be blown up to 1.
    rounding = flat.shape[1] * (8 * torch.finfo(flat.dtype).eps * flat.detach().abs().amax(1)) ** 2
    varies = energy > rounding
    # The inner `where` keeps the square root's infinite slope at 0 out of the gradient.
    norm = torch.where(varies, energy, torch.ones_like(energy)).sqrt()
    scale = torch.where(varies, 1 / norm, torch.zeros_like(energy))
    return products * scale * scale.unsqueeze(1)


class _SelfProduct(torch.autograd.Function):
    """(M - m) W (M - m)^T for M (C, N), the means m (C, 1) of its rows, or m = 0, and weights W
    (N,) on the diagonal, or W = 1.

    Its gradient is one product, where autograd makes two, and keeps no copy of M: it is the same
    whether m is taken for a constant or not, since M - m has no mean.
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
        both, last = gradient + gradient.T, flat.T  # (N, C), in memory as the convolutions have it
        result = onednn.product(last, both) if onednn.serves(last) else last @ both
        if mean is not None:
            result.sub_(mean.T @ both)
        if weights is not None:
            result.mul_(weights.unsqueeze(1))
        return result.T, None, None


def _self_product(
    flat: Tensor, mean: Tensor | None = None, weights: Tensor | None = None
) -> Tensor:
    result: Tensor = _SelfProduct.apply(flat, mean, weights)
    return result


def _centred_product(activation: Tensor, weights: Tensor | None) -> Tensor:
    """Return the sums over positions of products of channels less their means."""
    flat = activation.flatten(1)
    if flat.shape[1] < 2:
        raise ValueError(f"A covariance needs at least 2 positions, not {flat.shape[1]}.")
    if weights is None:
        return _self_product(flat, flat.detach().mean(1, keepdim=True))
    mean = flat.detach() @ weights.unsqueeze(1)
    return _self_product(flat, mean, weights) * flat.shape[1]


STATISTICS: dict[str, Callable[..., Tensor]] = {
    "gram": mean_gram_matrix,
    "covariance": covariance_matrix,
    "correlation": correlation_matrix,
}
