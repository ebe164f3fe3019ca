import numpy as np
import pytest
import torch
from PIL import Image

from style_transfer.images import MIN_SIDE, fit, resize, to_tensor


@pytest.mark.parametrize(
    ("size", "max_side", "expected"),
    [
        ((800, 600), 400, (400, 300)),
        ((600, 800), 400, (300, 400)),
        ((300, 200), 400, (300, 200)),  # never enlarged
        ((400, 300), 400, (400, 300)),
        ((1000, 333), 500, (500, 166)),
        ((2000, 100), 200, (640, 32)),  # the shorter side keeps MIN_SIDE
        ((640, 32), 200, (640, 32)),
    ],
)
def test_a_size_is_reduced_to_the_longer_side_asked_for(size, max_side, expected):
    assert fit(size, max_side) == expected
    assert to_tensor(Image.new("RGB", size), max_side).shape[-2:] == expected[::-1]


def test_no_size_is_reduced_below_what_the_network_needs():
    for height in range(MIN_SIDE, 700, 7):
        for width in range(MIN_SIDE, 700, 11):
            for max_side in (32, 96, 200):
                fitted = fit((height, width), max_side)
                assert min(fitted) >= MIN_SIDE
                assert max(fitted) <= max(max_side, max(height, width))


def test_reducing_averages_and_does_not_pick_pixels():
    rows, columns = np.indices((400, 400))
    board = Image.fromarray(((rows + columns) % 2 * 255).astype(np.uint8))
    reduced = to_tensor(board, 100)
    torch.testing.assert_close(reduced, torch.full_like(reduced, 0.5), atol=0.01, rtol=0)
    full = to_tensor(board)
    reduced = resize(full, (100, 100))
    torch.testing.assert_close(reduced, torch.full_like(reduced, 0.5), atol=0.01, rtol=0)


def test_a_picture_that_has_the_size_is_not_touched():
    image = torch.rand(1, 3, 48, 64)
    assert resize(image, (48, 64)) is image


@pytest.mark.every_device
@pytest.mark.without_float64
@pytest.mark.parametrize("size", [(40, 30), (20, 64), (96, 80)])
def test_every_device_resizes_as_the_cpu_does_and_so_its_gradient(device, size):
    image, away = torch.rand(1, 3, 64, 48), torch.rand(1, 3, *size)
    gradients, resized = [], []
    for each in (torch.device("cpu"), torch.device(device)):
        free = image.to(each).requires_grad_()
        resized.append(resize(free, size))
        gradients += torch.autograd.grad(resized[-1], free, away.to(each))
    torch.testing.assert_close(resized[1].detach().cpu(), resized[0].detach(), rtol=0, atol=1e-5)
    torch.testing.assert_close(gradients[1].cpu(), gradients[0], rtol=0, atol=1e-5)
