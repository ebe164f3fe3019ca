import pytest
import torch

from style_transfer.engine.preconditioner import (
    CELL,
    LONGEST_WAVE,
    MAX_CELL_RATIO,
    cell_changes,
    cell_scales,
)


@pytest.mark.parametrize("size", [(32, 32), (33, 47), (4, 5)])
def test_a_place_is_moved_within_limits_and_like_the_others_where_nothing_changed(size):
    generator = torch.Generator().manual_seed(0)
    image, changes = torch.zeros((1, 3, *size)), [-(-side // CELL) for side in size]
    rested = cell_scales(torch.zeros(1, 2, *changes), image)
    assert rested.shape == (1, 1, *size)
    torch.testing.assert_close(rested, torch.ones_like(rested))
    wild = 10 ** torch.empty(1, 2, *changes).uniform_(-12, 12, generator=generator)
    scales = cell_scales(wild, image)
    assert (
        1 / MAX_CELL_RATIO**0.5 - 1e-6 <= scales.min() <= scales.max() <= MAX_CELL_RATIO**0.5 + 1e-6
    )


@pytest.mark.parametrize("size", [(32, 32), (33, 47)])
def test_a_gradient_that_changes_with_the_frequency_alone_changes_as_the_image_does(size):
    s = torch.randn((1, 3, *size), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    down, across = torch.fft.fftfreq(size[0]), torch.fft.fftfreq(size[1])
    frequency = torch.hypot(down.unsqueeze(1), across) + 1 / LONGEST_WAVE
    y = torch.fft.ifft2(torch.fft.fft2(s) * frequency).real
    of_image, of_gradient = cell_changes(s, y).unbind(1)
    torch.testing.assert_close(of_gradient, of_image, rtol=1e-5, atol=0)
