import pytest
import torch

from style_transfer.losses import STATISTICS, Moments, statistic_of
from style_transfer.losses.whitened import WhitenedWasserstein
from style_transfer.network import PIXELS
from style_transfer.network.patches import pixel_patches
from tests.conftest import smooth_picture

STATISTIC = WhitenedWasserstein(floor=0)


def noise(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def distance(features, style, weights=None, statistic=STATISTIC):
    pair = statistic.summarize(features, weights), statistic.target(style)
    return statistic.distances([pair])[0]


def standardised(features):
    """Return features whose covariance is the identity and whose mean is 0."""
    centred = features - features.mean(1, keepdim=True)
    values, vectors = torch.linalg.eigh(centred @ centred.T / centred.shape[1])
    return vectors / values.sqrt() @ vectors.T @ centred


def test_directions_of_little_variance_count_as_much_as_those_of_much():
    style = standardised(noise(3, 400)) * torch.tensor([[10.0], [1.0], [0.01]])
    for channel in range(3):
        changed = style.clone()
        changed[channel] *= 2  # (2 - 1)^2 in one of three channels
        assert distance(changed, style).item() == pytest.approx(1 / 3, rel=1e-5)
        changed = style.clone()
        changed[channel] += style[channel].std(correction=0)
        assert distance(changed, style).item() == pytest.approx(1 / 3, rel=1e-5)


def test_the_distance_of_features_from_themselves_is_0_and_their_order_does_not_count():
    style = noise(5, 50)
    assert distance(style[:, torch.randperm(50)], style).item() == pytest.approx(0, abs=1e-6)


def test_its_gradient_is_that_of_finite_differences():
    style, target = noise(4, 60), STATISTIC.target(noise(4, 60, seed=1))

    def as_float64(features):
        mean, products = STATISTIC.summarize(features)
        (found,) = STATISTIC.distances([((mean, products), target)])
        return torch.stack([mean.sum(), products.sum()]), found

    features = style[:, :6].clone().requires_grad_()
    as_float64(features)[1].backward()
    step = 1e-3
    for place in ((0, 0), (2, 3), (3, 5)):
        moved = [style[:, :6].clone() for _ in range(2)]
        moved[0][place] += step
        moved[1][place] -= step
        one, other = (as_float64(each)[1].item() for each in moved)
        assert features.grad[place].item() == pytest.approx((one - other) / 2 / step, rel=1e-2)


@pytest.mark.parametrize("style", ["plain", "black", "flat channel"])
def test_a_style_without_variance_has_a_finite_distance_and_gradient(style):
    target = 0.1 * noise(4, 60, seed=1).float()
    if style == "flat channel":
        target[1] = 0.5
    else:
        target = torch.full_like(target, 0.3 if style == "plain" else 0.0)
    features = (0.2 * noise(4, 60).float()).requires_grad_()
    found = distance(features, target, statistic=WhitenedWasserstein())
    found.backward()
    assert found.isfinite()
    assert features.grad.isfinite().all()


@pytest.mark.parametrize("color", [(77, 140, 201), (248, 216, 179), (255, 255, 255)])
def test_a_painting_of_one_colour_asks_nothing_of_the_pixels(color):
    plain = (torch.tensor(color) / 255).view(1, 3, 1, 1).expand(1, 3, 96, 96)
    picture = 0.25 + 0.5 * smooth_picture(0, 96, 96)
    features, style = (pixel_patches(each).squeeze(0) for each in (picture, plain))
    features.requires_grad_()
    found = distance(features, style, statistic=WhitenedWasserstein())
    found.backward()
    assert 0 <= found.item() < 1e-3
    assert features.grad.abs().max() < 1e-3


def test_the_fainter_a_style_is_the_less_counts_what_it_lacks():
    style = 0.1 * noise(4, 60, seed=1)
    style[1] = 0
    features = style + 0.1 * noise(4, 60, seed=2)
    found = [
        distance(features, contrast * style, statistic=WhitenedWasserstein()).item()
        for contrast in (1, 0.1, 0.01)
    ]
    assert found[0] > 10 * found[1] > 100 * found[2] > 0


def test_variance_that_rounding_has_made_negative_is_none():
    white = noise(3, 400).float()
    mean, covariance = white.mean(1), torch.diag(torch.tensor([1.0, 0.1, -1e-3]))
    features = Moments(mean, covariance, white.abs().amax(1), torch.ones(()), torch.ones(()))
    (found,) = (statistic := WhitenedWasserstein()).distances(
        [(statistic.summarize(white), statistic.target(features))]
    )
    assert found.item() < 1e5  # of a variance of 1 over the floor of 4e-5


@pytest.mark.parametrize("positions", [0, 1, 2])
def test_a_region_of_few_positions_has_a_finite_distance_and_gradient(positions):
    features = (0.2 * noise(4, 60).float()).requires_grad_()
    weights = torch.zeros(60)
    weights[:positions] = 1 / max(positions, 1)
    found = distance(features, 0.2 * noise(4, 60, seed=1).float(), weights, WhitenedWasserstein())
    found.backward()
    assert found.isfinite()
    assert features.grad.isfinite().all()
    assert not features.grad[:, positions:].any()


def test_it_is_the_statistic_of_pixels_whatever_is_chosen_for_the_other_layers():
    for name in STATISTICS:
        assert statistic_of("relu3_1", name) is STATISTICS[name]
        assert isinstance(statistic_of(PIXELS, name), WhitenedWasserstein)


def test_targets_that_are_mixed_are_whitened_by_the_mean_of_their_covariances():
    alone = [
        STATISTIC.target(torch.diag(torch.tensor(each)).double() @ noise(3, 400, seed=seed))
        for seed, each in enumerate([(1.0, 1.0, 1.0), (1.0, 1.0, 0.001)])
    ]
    mixed = STATISTIC.mixed(alone, [(0.75, 0.25), (0.0, 1.0)])
    covariances = [each[1] for each in alone]
    for target, by in zip(
        mixed, (0.75 * covariances[0] + 0.25 * covariances[1], covariances[1]), strict=True
    ):
        _, _, whitening, *_ = target
        torch.testing.assert_close(whitening @ by @ whitening, torch.eye(3).double())
    for one, other in zip(mixed[1], alone[1], strict=True):
        torch.testing.assert_close(one, other)
