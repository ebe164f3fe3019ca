"""Bures and Wasserstein distances against closed forms, scipy's root and finite differences."""

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm

from style_transfer.losses import STATISTICS
from style_transfer.losses.matrix_roots import principal_axes
from style_transfer.losses.optimal_transport import SCALE, bures_distances


def noise(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def second_moment(features):
    return features @ features.T / features.shape[1]


def distance(name, features, style, weights=None):
    statistic = STATISTICS[name]
    pair = statistic.summarize(features, weights), statistic.target(style)
    return statistic.distances([pair])[0]


def bures_distance(matrix, target):
    return bures_distances([matrix], [principal_axes(target)])[0]


def by_scipy(a, b):
    root = sqrtm(b.numpy())
    return (a.trace() + b.trace()).item() - 2 * np.trace(sqrtm(root @ a.numpy() @ root)).real


@pytest.mark.parametrize("positions", [3, 20], ids=["rank-deficient", "full rank"])
def test_the_bures_distance_is_that_by_scipys_square_root(positions):
    a, b = second_moment(noise(5, positions)), second_moment(noise(5, 30, seed=1))
    assert bures_distance(a, b).item() == pytest.approx(by_scipy(a, b), rel=1e-6)


def test_of_matrices_that_commute_it_is_the_squared_distance_of_their_roots():
    a, b = torch.tensor([4.0, 1.0, 0.25]).double(), torch.tensor([1.0, 9.0, 0.25]).double()
    rotation, _ = torch.linalg.qr(noise(3, 3))
    one, other = (rotation @ each.diag() @ rotation.T for each in (a, b))
    expected = (a.sqrt() - b.sqrt()).square().sum()
    torch.testing.assert_close(bures_distance(one, other), expected)


def test_of_one_channel_wasserstein_is_the_distance_of_means_and_standard_deviations():
    features, style = 2 + 3 * noise(1, 50), -1 + 0.5 * noise(1, 80, seed=1)
    moved = (features.mean() - style.mean()).square()
    spread = (features.std(correction=0) - style.std(correction=0)).square()
    expected = SCALE * (moved + spread) / style.square().mean()
    torch.testing.assert_close(distance("wasserstein", features, style), expected)


@pytest.mark.parametrize("matrix", [noise(4, 12), 5**0.5 * torch.eye(4, 5).double()])
def test_the_gradient_is_that_of_finite_differences_where_eigenvalues_are_equal_too(matrix):
    targets = [principal_axes(second_moment(noise(4, 30, seed=each))) for each in (1, 2)]

    def distances(features):
        moments = second_moment(features)
        return bures_distances([moments, 2 * moments], targets)

    assert torch.autograd.gradcheck(distances, matrix.requires_grad_())


@pytest.mark.parametrize("name", ["bures", "wasserstein"])
def test_a_region_of_one_position_has_a_finite_gradient(name):
    features = noise(6, 12).float().requires_grad_()
    weights = torch.zeros(12)
    weights[3] = 1
    found = distance(name, features, noise(6, 40, seed=1).float(), weights)
    found.backward()
    assert found.isfinite()
    assert features.grad.isfinite().all()
    assert features.grad[:, 3].abs().sum() > 0
    assert not features.grad[:, :3].any()


@pytest.mark.parametrize("name", ["bures", "wasserstein"])
def test_a_channel_that_is_constant_in_the_style_has_a_finite_gradient(name):
    style = noise(4, 30, seed=1).float()
    style[2] = 0
    features = noise(4, 30).float().requires_grad_()
    distance(name, features, style).backward()
    assert features.grad.isfinite().all()
    assert features.grad[2].abs().sum() > 0  # it is to become constant too


@pytest.mark.parametrize("name", ["bures", "wasserstein"])
def test_features_that_are_no_numbers_give_a_distance_that_is_none(name):
    features = noise(4, 30)
    features[1, 2] = float("inf")
    features.requires_grad_()
    found = distance(name, features, noise(4, 30, seed=1))
    assert found.isnan()


@pytest.mark.parametrize("name", ["bures", "wasserstein"])
def test_float32_gives_the_gradient_of_float64_where_a_mean_dominates(name):
    # as of activations, whose largest eigenvalue is that of mean brightness
    mixing = torch.logspace(0, -3, 16).double().unsqueeze(1)
    one = 5 + mixing * noise(16, 16) @ noise(16, 400, seed=1)
    other = 6 + mixing * noise(16, 16, seed=2) @ noise(16, 300, seed=3)
    gradients = []
    for dtype in (torch.float32, torch.float64):
        features = one.to(dtype, copy=True).requires_grad_()
        distance(name, features, other.to(dtype)).backward()
        gradients.append(features.grad.double())
    assert (gradients[0] - gradients[1]).norm() < 0.02 * gradients[1].norm()


@pytest.mark.parametrize("name", ["bures", "wasserstein"])
def test_small_eigenvalues_count_more_than_in_the_error_of_gram_matrices(name):
    style = torch.tensor([10.0, 1.0, 0.1]).double().unsqueeze(1) * noise(3, 500)
    flat = style.clone()
    flat[2] = 0  # what the style has least of is missing altogether
    assert distance(name, flat, style) > 100 * distance("gram", flat, style)


def test_nearest_to_a_mixture_by_bures_is_the_mean_of_roots_of_equal_size():
    roots, shares = [torch.tensor([2.0, 1.0]), torch.tensor([0.01, 0.03])], (0.7, 0.3)
    rotation, _ = torch.linalg.qr(noise(2, 2))
    statistic = STATISTICS["bures"]
    targets = statistic.mixed(
        [statistic.target(rotation * 2**0.5 * root.double()) for root in roots], [shares] * 2
    )  # a position along each axis
    weights = [share / root.norm() for share, root in zip(shares, roots, strict=True)]
    mean = ((weights[0] * roots[0] + weights[1] * roots[1]) / sum(weights)).square().double()
    matrix = (rotation * mean @ rotation.T).requires_grad_()
    distances = statistic.distances([((matrix,), target) for target in targets])
    sum(s * d for s, d in zip(shares, distances, strict=True)).backward()
    assert matrix.grad.abs().max() < 1e-6 * (shares[1] * distances[1] / mean.sum())


def test_means_of_a_mixture_by_wasserstein_count_as_their_roots_do():
    statistic = STATISTICS["wasserstein"]
    alone = [statistic.target(size * noise(3, 40, seed=seed)) for seed, size in ((0, 1), (1, 0.1))]
    mixed = statistic.mixed(alone, [(0.5, 0.5)] * 2)
    sizes = [each[0].sqrt() for each in alone]
    for target, size in zip(mixed, sizes, strict=True):
        torch.testing.assert_close(target[0], size * (sizes[0] + sizes[1]) / 2)
