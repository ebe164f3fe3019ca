import pytest
import torch

from style_transfer.losses import means
from style_transfer.losses.means import channel_means, mean_square

LAYOUTS = [torch.contiguous_format, torch.channels_last]


def noise(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.every_device
@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_means_of_channels_are_numpys(device, layout):
    features = (noise(1, 5, 7, 9) + 3).to(memory_format=layout)
    expected = features.double().mean((2, 3))[0].float()
    found = channel_means(features.to(device).flatten(2).squeeze(0))
    torch.testing.assert_close(found.cpu(), expected)


@pytest.mark.every_device
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("shape", [(1, 5, 7, 9), (1, 1, 6, 6), (1, 3, 1, 4)])
def test_the_mean_square_and_its_gradient_are_autograds(device, layout, shape):
    x, y = (noise(*shape).to(memory_format=layout).requires_grad_() for _ in range(2))
    found, expected = mean_square(x.to(device)), y.square().mean()
    torch.testing.assert_close(found.cpu(), expected)
    (3 * found).backward()
    (3 * expected).backward()
    torch.testing.assert_close(x.grad, y.grad)


@pytest.mark.every_device
def test_more_numbers_than_a_product_takes_are_taken_in_parts(device, monkeypatch):
    monkeypatch.setattr(means, "_MOST", 10)
    x = noise(1, 3, 5, 7)
    torch.testing.assert_close(mean_square(x.to(device)).cpu(), x.square().mean())


def test_a_matrix_has_a_mean_square_as_well():
    assert mean_square(torch.tensor([[1.0, 2.0], [3.0, 4.0]])) == 7.5


def test_many_numbers_lose_no_precision():
    x = noise(10_000_000).abs() + 1
    torch.testing.assert_close(
        mean_square(x).double(), x.double().square().mean(), rtol=1e-6, atol=0
    )
