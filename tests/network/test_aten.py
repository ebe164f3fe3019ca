"""What the package expects of torch's private operators."""

import pytest
import torch
import torch.nn.functional as F

from style_transfer.network.aten import (
    copy_each,
    pooling_backward,
    relu_backward,
    write_relu_backward,
)
from tests.network.reference import image

ADAPT = "adapt style_transfer/network/aten.py"


def gradient_by_autograd(function, x, gradient):
    x = x.clone().requires_grad_()
    return torch.autograd.grad(function(x), x, gradient)[0]


def test_torch_has_the_private_operators_that_are_called():
    for name in ("threshold_backward", "avg_pool2d_backward", "cudnn_convolution_relu"):
        assert hasattr(torch.ops.aten, name), f"torch {torch.__version__} lacks {name}: {ADAPT}."


def test_the_gradient_of_relu_is_autograds():
    gradient, x = image(5, 9, 11), image(5, 9, 11, seed=1)
    expected = gradient_by_autograd(F.relu, x, gradient)
    assert torch.equal(relu_backward(gradient, F.relu(x)), expected), f"It has changed: {ADAPT}."
    result = torch.empty_like(gradient)
    write_relu_backward(gradient, F.relu(x), result)
    assert torch.equal(result, expected), f"Writing it into a buffer has changed: {ADAPT}."


@pytest.mark.parametrize("share", [0.25, 1.0])
def test_the_gradient_of_average_pooling_is_autograds(share):
    for height, width in ((8, 12), (9, 11)):  # of odd sides the last row or column has none
        x = image(5, height, width, seed=1)
        gradient = image(5, height // 2, width // 2)
        expected = gradient_by_autograd(lambda x: 4 * share * F.avg_pool2d(x, 2), x, gradient)
        assert torch.equal(pooling_backward(gradient, x, share), expected), (
            f"It has changed: {ADAPT}."
        )


def test_each_tensor_is_copied_to_its_own():
    sources = [image(5, 9, 11), image(1, 2, 3, seed=1), torch.tensor(4.0)]
    targets = [torch.empty_like(each) for each in sources]
    copy_each(sources, targets)
    assert all(map(torch.equal, targets, sources)), f"Copying has changed: {ADAPT}."
