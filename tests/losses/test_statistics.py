import pytest
import torch
from torch.nn.functional import mse_loss

from style_transfer.losses import STATISTICS
from style_transfer.losses.channel_matrices import (
    correlation_matrix,
    covariance_matrix,
    mean_gram_matrix,
)

MATRICES = {
    "gram": mean_gram_matrix,
    "covariance": covariance_matrix,
    "correlation": correlation_matrix,
}
every_statistic = pytest.mark.parametrize("name", STATISTICS)
every_matrix = pytest.mark.parametrize("name", MATRICES)


def noise(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def distance(name, features, style_features, weights=None):
    statistic = STATISTICS[name]
    pair = statistic.summarize(features, weights), statistic.target(style_features)
    return statistic.distances([pair])[0]


@every_statistic
def test_the_distance_of_equal_features_is_0(name):
    assert 0 <= distance(name, noise(5, 6, 7), noise(5, 6, 7)) < 1e-12


@every_statistic
def test_the_distance_of_other_features_is_above_0_and_without_a_unit(name):
    ours, theirs = noise(5, 6, 7), noise(5, 6, 7, seed=1)
    found = distance(name, ours, theirs)
    assert found > 0
    torch.testing.assert_close(distance(name, 1000 * ours, 1000 * theirs), found)


@every_statistic
def test_images_of_any_size_can_be_compared(name):
    assert distance(name, noise(5, 6, 7), noise(5, 30, 9, seed=1)).shape == ()


@every_statistic
def test_where_in_the_image_features_are_does_not_matter(name):
    features, style = noise(5, 40), noise(5, 40, seed=1)
    shuffled = features[:, torch.randperm(40, generator=torch.Generator().manual_seed(2))]
    torch.testing.assert_close(distance(name, features, style), distance(name, shuffled, style))


@every_statistic
def test_positions_without_weight_do_not_count(name):
    features, style = noise(5, 40), noise(5, 40, seed=1)
    weights = torch.cat([torch.full((30,), 1 / 30), torch.zeros(10)]).double()
    torch.testing.assert_close(
        distance(name, features, style, weights), distance(name, features[:, :30], style)
    )


@every_statistic
@pytest.mark.parametrize("weighted", [False, True])
def test_gradients_of_distances_agree_with_finite_differences(name, weighted):
    weights = noise(20, seed=2).abs() if weighted else None
    weights = weights / weights.sum() if weighted else None
    style = noise(3, 4, 5, seed=1)
    assert torch.autograd.gradcheck(
        lambda features: distance(name, features, style, weights), noise(3, 4, 5).requires_grad_()
    )


@every_statistic
@pytest.mark.parametrize("value", [0.0, 0.3, -7.7])
def test_constant_features_have_finite_distances_and_gradients(name, value):
    constant = torch.full((4, 6, 6), value)
    for features, style in (
        (noise(4, 6, 6).float(), constant),
        (constant, noise(4, 6, 6).float()),
        (constant.clone(), constant),
    ):
        features.requires_grad_()
        found = distance(name, features, style)
        found.backward()
        assert found.isfinite()
        assert features.grad.isfinite().all()


@every_matrix
def test_the_distance_of_matrices_is_their_mean_squared_error_over_the_targets_mean_square(name):
    features, style = noise(4, 6, 6), noise(4, 8, 8, seed=1)
    value, target = MATRICES[name](features), MATRICES[name](style)
    expected = mse_loss(value, target) / mse_loss(target, torch.zeros_like(target))
    torch.testing.assert_close(distance(name, features, style), expected)


def test_an_image_without_covariance_is_compared_relative_to_its_gram_matrix():
    features, plain = noise(3, 5, 5), torch.full((3, 5, 5), 2.0, dtype=torch.float64)
    least = 1e-3 * mean_gram_matrix(plain).square().mean()
    expected = covariance_matrix(features).square().mean() / least
    torch.testing.assert_close(distance("covariance", features, plain), expected)


def test_an_image_without_correlations_is_compared_relative_to_white_noise():
    features, plain = noise(3, 5, 5), torch.full((3, 5, 5), 2.0, dtype=torch.float64)
    expected = correlation_matrix(features).square().mean() / (1 / 3)
    torch.testing.assert_close(distance("correlation", features, plain), expected)


@pytest.mark.parametrize("name", ["gram", "covariance"])
def test_nearest_to_a_mixture_is_the_mean_of_targets_of_equal_size(name):
    strong, faint, shares = noise(4, 50), 0.01 * noise(4, 60, seed=1), (0.7, 0.3)
    statistic, matrix = STATISTICS[name], MATRICES[name]
    targets = statistic.mixed([statistic.target(each) for each in (strong, faint)], [shares] * 2)
    weights = [
        share / matrix(each).square().mean().sqrt()
        for share, each in zip(shares, (strong, faint), strict=True)
    ]
    mean = (weights[0] * matrix(strong) + weights[1] * matrix(faint)) / sum(weights)
    mean.requires_grad_()
    distances = statistic.distances([((mean,), target) for target in targets])
    sum(s * d for s, d in zip(shares, distances, strict=True)).backward()
    size = shares[1] * distances[1] / mean.square().mean().sqrt()
    assert mean.grad.abs().max() < 1e-6 * size


@every_statistic
def test_a_target_that_has_all_of_the_share_is_as_it_was(name):
    statistic = STATISTICS[name]
    alone = [statistic.target(noise(4, 50, seed=seed).float()) for seed in (0, 1)]
    for target, mixed in zip(alone, statistic.mixed(alone, [(1.0, 0.0), (0.0, 1.0)]), strict=True):
        for one, other in zip(target, mixed, strict=True):
            torch.testing.assert_close(one, other)
