import pytest
import torch

from style_transfer.engine.preconditioner import CELL, MAX_CELL_RATIO, cell_scales


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
