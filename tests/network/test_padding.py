import pytest
import torch
import torch.nn.functional as F

from style_transfer.network.padding import replicate_border
from tests.network.reference import image


@pytest.mark.every_device
@pytest.mark.parametrize("size", [(1, 1), (1, 5), (2, 3), (13, 9)])
def test_the_border_and_its_gradient_are_torchs(device, size):
    x, y = (image(3, *size).requires_grad_() for _ in range(2))
    found, expected = replicate_border(x.to(device)), F.pad(y, (1, 1, 1, 1), mode="replicate")
    assert torch.equal(found.cpu(), expected)
    away = image(3, size[0] + 2, size[1] + 2, seed=1)
    found.backward(away.to(device))
    expected.backward(away)
    torch.testing.assert_close(x.grad, y.grad)


@pytest.mark.every_device
def test_the_gradient_is_the_same_at_each_call(device):
    away, gradients = image(3, 66, 66, seed=1).to(device), []
    for _ in range(5):
        x = image(3, 64, 64).to(device).requires_grad_()
        gradients += torch.autograd.grad(replicate_border(x), x, away)
    assert all(torch.equal(each, gradients[0]) for each in gradients)
