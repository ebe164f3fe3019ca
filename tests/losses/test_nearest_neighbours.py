"""Against a double loop over positions and places, and finite differences."""

import math

import pytest
import torch

from style_transfer.losses import nearest_neighbours
from style_transfer.losses.nearest_neighbours import (
    MAX_PLACES,
    Places,
    nearest_places,
    neighbour_distance,
)

pytestmark = pytest.mark.every_device


def noise(*shape, seed=0, dtype=torch.float32, device="cpu"):
    made = torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)
    return made.to(device)


def cosine(one, other):
    dot = sum(a * b for a, b in zip(one, other, strict=True))
    return dot / math.sqrt(sum(a * a for a in one) * sum(b * b for b in other))


def written_out(features, painting, weights=None):
    """The mean of one minus the largest cosine, spelled out in plain numbers."""
    ours, theirs = (m.flatten(1).double().cpu().T.tolist() for m in (features, painting))
    mean = [sum(channel) / len(theirs) for channel in zip(*theirs, strict=True)]
    ours, theirs = (
        [[x - m for x, m in zip(row, mean, strict=True)] for row in rows] for rows in (ours, theirs)
    )
    nearest = [1 - max(cosine(own, other) for other in theirs) for own in ours]
    weights = [1 / len(ours)] * len(ours) if weights is None else weights.tolist()
    return sum(w * each for w, each in zip(weights, nearest, strict=True))


def measured(features, painting, weights=None):
    places = Places.of(painting)
    matches = nearest_places(features.flatten(1).T, places)
    return neighbour_distance(features, places, matches, weights)


@pytest.mark.parametrize("weighted", [False, True])
def test_the_distance_is_that_of_the_formula(weighted, device, monkeypatch):
    monkeypatch.setattr(nearest_neighbours, "_BLOCK", 200)  # several blocks, the last one short
    features, painting = noise(5, 6, 7, device=device), noise(5, 4, 9, seed=1, device=device)
    weights = torch.arange(42.0, device=device) / (21 * 41) if weighted else None
    found = measured(features, painting, weights).item()
    assert found == pytest.approx(written_out(features, painting, weights), rel=1e-5)


@pytest.mark.parametrize("weighted", [False, True])
def test_the_gradient_is_that_of_finite_differences(weighted, monkeypatch):
    monkeypatch.setattr(nearest_neighbours, "_BLOCK", 100)
    options = {"dtype": torch.float64}
    places = Places.of(noise(5, 30, seed=1, **options))
    features = noise(5, 12, **options).requires_grad_()
    with torch.no_grad():
        features[:, 3] = places.mean + 0.3 * places.min_length * places.features[1]
    weights = torch.arange(12.0, **options) / 66 if weighted else None
    matches = nearest_places(features.detach().T, places)
    assert torch.autograd.gradcheck(
        lambda each: neighbour_distance(each, places, matches, weights), (features,), eps=1e-8
    )


def test_features_of_the_painting_itself_have_no_distance(device):
    painting = noise(8, 10, 10, device=device)
    assert measured(painting.flip(2), painting).item() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("value", [0.0, 0.7])
@pytest.mark.parametrize("shape", [(4, 6, 6), (4, 1, 1)], ids=["many", "one"])
def test_a_plain_colour_has_no_directions_and_draws_nowhere(shape, value, device):
    plain = torch.full(shape, value, device=device)
    for painting, features in ((plain, noise(*shape, device=device)), (plain, plain)):
        free = features.clone().requires_grad_()
        distance = measured(free, painting)
        distance.backward()
        assert distance.item() == pytest.approx(1, abs=1e-4)
        assert free.grad.abs().max() < 1e-3


def test_a_plain_picture_beside_a_painting_has_a_finite_gradient(device):
    painting = noise(4, 6, 6, device=device)
    free = painting.flatten(1).mean(1).view(4, 1, 1).repeat(1, 3, 3).requires_grad_()
    distance = measured(free, painting)
    distance.backward()
    assert distance.item() == pytest.approx(1, abs=1e-3)
    assert free.grad.isfinite().all()


def test_where_all_weights_are_0_there_is_no_distance(device):
    features = noise(4, 3, 3, device=device).requires_grad_()
    distance = measured(features, noise(4, 5, 5, seed=1, device=device), torch.zeros(9).to(device))
    distance.backward()
    assert distance.item() == 0
    assert not features.grad.any()


def test_places_of_a_large_painting_are_drawn_the_same_each_time(device):
    large = noise(3, 2 * MAX_PLACES, device=device)
    one, again = Places.of(large), Places.of(large.clone())
    assert one.features.shape == (MAX_PLACES, 3)
    assert torch.equal(one.features, again.features)
    torch.testing.assert_close(one.mean, large.mean(1))
    assert one.fingerprint == again.fingerprint != Places.of(large.flip(1)).fingerprint


def test_places_within_a_part_are_its_own_less_the_mean_of_all():
    features, within = noise(5, 6, 6), torch.zeros(36, dtype=torch.bool)
    within[7:10] = True
    whole, part = Places.of(features), Places.of(features, within)
    torch.testing.assert_close(part.features, whole.features[7:10])
    assert torch.equal(part.mean, whole.mean)
    assert part.fingerprint != whole.fingerprint
