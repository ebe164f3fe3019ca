"""The map of a style loss: its mean is the loss, and each position has what it is to have."""

import numpy as np
import pytest
import scipy.linalg
import torch

from style_transfer.losses import STATISTICS, error_map, statistic_of
from style_transfer.losses.optimal_transport import SCALE
from style_transfer.network import PIXELS

every_statistic = pytest.mark.parametrize("name", [*STATISTICS, "whitened"])


def noise(*shape, seed=0, dtype=torch.float64):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def statistic_named(name):
    return statistic_of(PIXELS, "gram") if name == "whitened" else STATISTICS[name]


def uneven(count):
    weights = noise(count, seed=3).abs()
    weights[:5] = 0
    return weights / weights.sum()


@every_statistic
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("positions", [60, 4])  # the latter fewer than channels
def test_the_mean_of_the_map_is_the_distance(name, weighted, positions):
    statistic, features = statistic_named(name), noise(6, positions + 5) + 0.5
    weights = uneven(positions + 5) if weighted else None
    target = statistic.target(noise(6, 80, seed=1))
    found = error_map(statistic, features, target, weights)
    mean = found.mean() if weights is None else found @ weights
    (distance,) = statistic.distances([(statistic.summarize(features, weights), target)])
    assert found.shape == (positions + 5,)
    torch.testing.assert_close(mean, distance.to(mean), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("name", "matrix"),
    [
        ("gram", lambda rows: rows @ rows.T / rows.shape[1]),
        ("covariance", np.cov),
        ("correlation", np.corrcoef),
    ],
)
def test_a_matrix_has_at_each_position_the_product_with_its_difference(name, matrix):
    ours, theirs = (noise(4, 30) + 1).numpy(), (noise(4, 50, seed=1) + 1).numpy()
    difference = matrix(ours) - matrix(theirs)
    rows = ours
    if name != "gram":
        rows = (ours - ours.mean(1, keepdims=True)) * (30 / 29) ** 0.5
    if name == "correlation":
        rows = rows / np.sqrt(np.diag(np.cov(ours)))[:, None]
    scale = (matrix(theirs) ** 2).mean() * difference.size
    expected = [(f @ difference @ f - (difference * matrix(theirs)).sum()) / scale for f in rows.T]
    statistic = STATISTICS[name]
    found = error_map(statistic, torch.tensor(ours), statistic.target(torch.tensor(theirs)))
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    assert np.mean(expected) == pytest.approx((difference**2).mean() / (scale / difference.size))


@pytest.mark.parametrize("centred", [False, True])
def test_gaussians_have_at_each_position_the_way_of_its_transport(centred):
    ours, theirs = (noise(4, 300) + 1).numpy(), (2 * noise(4, 500, seed=1) - 1).numpy()
    mean, wanted = (
        (each.mean(1, keepdims=True) if centred else np.zeros((4, 1))) for each in (ours, theirs)
    )
    a, b = (
        (each - m) @ (each - m).T / each.shape[1] for each, m in ((ours, mean), (theirs, wanted))
    )
    root = scipy.linalg.sqrtm(b)
    transport = root @ np.linalg.inv(scipy.linalg.sqrtm(root @ a @ root)) @ root
    way = ours - (wanted + transport @ (ours - mean))
    expected = SCALE * (way**2).sum(0) / np.trace(theirs @ theirs.T / theirs.shape[1])
    statistic = STATISTICS["wasserstein" if centred else "bures"]
    found = error_map(statistic, torch.tensor(ours), statistic.target(torch.tensor(theirs)))
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@every_statistic
def test_what_has_come_from_elsewhere_stands_out(name):
    statistic, style = statistic_named(name), noise(6, 400, seed=1)
    picture = style.clone()
    picture[:, :40] = 4 * noise(6, 40, seed=2)
    found = error_map(statistic, picture, statistic.target(style))
    assert found[:40].mean() > 3 * found[40:].mean().abs()


@every_statistic
def test_constant_features_have_a_finite_map(name):
    statistic = statistic_named(name)
    constant, others = torch.full((4, 36), 0.3), noise(4, 36, dtype=torch.float32)
    for features, style in ((others, constant), (constant, others), (constant, constant)):
        assert error_map(statistic, features, statistic.target(style)).isfinite().all()
