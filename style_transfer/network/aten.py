"""Operators of torch: gradients as autograd computes them, and several operations as one.

They are not part of torch's public interface. The package calls them here alone;
tests/network/test_aten.py says what is expected of them.
"""

import torch
from torch import Tensor


def relu_backward(gradient: Tensor, mask: Tensor) -> Tensor:
    """Return the gradient where the mask, of the same shape, is above 0, and 0 elsewhere."""
    result: Tensor = torch.ops.aten.threshold_backward(gradient, mask, 0)
    return result


def write_relu_backward(gradient: Tensor, mask: Tensor, result: Tensor) -> None:
    """Write to `result` what `relu_backward` returns."""
    torch.ops.aten.threshold_backward.grad_input(gradient, mask, 0, grad_input=result)


def pooling_backward(gradient: Tensor, x: Tensor, share: float) -> Tensor:
    """Return the gradient of x (1, C, H, W) for that of its sums over 2 x 2, times `share`.

    1 / `share` is a whole number: 4 where the sums are averages.
    """
    pairs, none = [2, 2], [0, 0]
    result: Tensor = torch.ops.aten.avg_pool2d_backward(
        gradient, x, pairs, pairs, none, False, True, round(1 / share)
    )
    return result


def convolution_relu(x: Tensor, weight: Tensor, bias: Tensor, padding: int) -> Tensor:
    """Return the convolution of x (B, in, H, W) plus bias (out,), clamped at 0, by cuDNN."""
    one = [1, 1]
    result: Tensor = torch.ops.aten.cudnn_convolution_relu(
        x, weight, bias, one, [padding, padding], one, 1
    )
    return result


def copy_each(sources: list[Tensor], targets: list[Tensor]) -> None:
    """Write each of the sources to its target, of the same shape, by few calls of the device."""
    torch._foreach_copy_(targets, sources)
