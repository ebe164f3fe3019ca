import pytest
import torch

from style_transfer.losses import STATISTICS, Moments, moments_slope
from style_transfer.losses.statistics import statistic_of
from style_transfer.network import PIXELS
from tests.losses.test_statistics import noise

every_statistic = pytest.mark.parametrize(
    "statistic", [*STATISTICS.values(), statistic_of(PIXELS, "gram")], ids=[*STATISTICS, PIXELS]
)


def parts(features, weights=None):
    """The moments of features (C, 40), joined from three parts."""
    found = None
    for each in (slice(0, 7), slice(7, 31), slice(31, 40)):
        moments = Moments.of(features[:, each], None if weights is None else weights[each])
        found = found.joined(moments) if found else moments
    return found


def some_weights():
    weights = noise(40, seed=4).abs()
    weights[:10] = 0  # more than the first part
    return weights / weights.sum()


@every_statistic
@pytest.mark.parametrize("weighted", [False, True])
def test_statistics_of_moments_joined_from_parts_are_those_of_the_features(statistic, weighted):
    features, style = 3 + noise(5, 40), 2 + noise(5, 40, seed=1)
    weights = some_weights() if weighted else None
    whole = statistic.summarize(features, weights), statistic.target(style)
    found = statistic.summarize(parts(features, weights)), statistic.target(parts(style))
    for one, other in zip(found[0], whole[0], strict=True):
        torch.testing.assert_close(one, other)
    expected, distance = statistic.distances([whole, found])
    torch.testing.assert_close(distance, expected)


def test_a_part_is_widened_by_positions_of_the_whole():
    features, weights, k = 3 + noise(5, 40), some_weights(), 6.0
    n = 1 / weights.square().sum()
    found = Moments.of(features, weights).widened(Moments.of(features), k)
    mean = (n * (features @ weights) + k * features.mean(1)) / (n + k)
    products = (n * (features * weights) @ features.T + k * features @ features.T / 40) / (n + k)
    torch.testing.assert_close(found.mean, mean.to(found.mean))
    torch.testing.assert_close(found.products, products.to(found.products))
    assert found.weight == pytest.approx((n + k).item())


def test_a_constant_channel_has_no_correlation():
    features = noise(3, 40).float()
    features[1] = 0.3
    moments = parts(features).to(features)
    (matrix,) = STATISTICS["correlation"].summarize(moments)
    assert not matrix[1].any()
    assert matrix[0, 0] == pytest.approx(1)


@pytest.mark.parametrize("weighted", [False, True])
def test_the_slope_of_a_part_is_its_gradient_of_a_function_of_the_moments(weighted):
    activation = (2 + noise(1, 5, 4, 10)).requires_grad_()
    weights = some_weights() if weighted else None
    style, statistic = (
        STATISTICS["wasserstein"].target(noise(5, 40, seed=1)),
        STATISTICS["wasserstein"],
    )
    (distance,) = statistic.distances([(statistic.summarize(activation[0], weights), style)])
    (expected,) = torch.autograd.grad(distance, activation)
    moments = parts(activation.detach()[0].flatten(1), weights)
    leaves = moments.mean.requires_grad_(), moments.covariance.requires_grad_()
    (distance,) = statistic.distances([(statistic.summarize(moments), style)])
    slopes = torch.autograd.grad(distance, leaves)
    found = torch.zeros_like(expected)
    for columns in (slice(0, 3), slice(3, 10)):
        part = slice(0, 4), columns
        own = None if weights is None else weights.view(4, 10)[:, columns].flatten()
        slope = moments_slope(activation, part, moments, slopes, own)
        assert slope == 0
        found += torch.autograd.grad(slope, activation)[0]
    torch.testing.assert_close(found, expected)
