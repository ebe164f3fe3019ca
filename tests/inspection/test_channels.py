from itertools import pairwise

import torch

from style_transfer.inspection import channel_order, strongest_channels


def noise(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def test_channels_that_vary_together_become_neighbours():
    sources = noise(3, 10, 10)
    mixed = torch.stack([(-1) ** n * sources[n % 3] for n in range(12)])
    order = channel_order(mixed + 0.1 * noise(12, 10, 10, seed=1))
    assert sorted(order) == list(range(12))
    groups = [channel % 3 for channel in order]
    assert sum(one != other for one, other in pairwise(groups)) == 2


def test_few_and_constant_channels_have_an_order_as_well():
    assert channel_order(noise(2, 4, 4)) == [0, 1]
    assert sorted(channel_order(torch.zeros(5, 4, 4))) == list(range(5))


def test_the_strongest_channels_are_strong_in_photo_and_painting_alike():
    photo, painting = torch.full((5, 4, 4), 0.1), torch.full((5, 2, 2), 10.0)
    photo[3], painting[1] = 5, 900  # in units of their own
    assert set(strongest_channels(photo, painting, 2)) == {1, 3}
    assert len(strongest_channels(photo, painting, 12)) == 5
