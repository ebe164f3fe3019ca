"""Traces of roots in float32 against float64, on features of pictures, and several at once."""

import pytest
import torch

from style_transfer.devices import computes_float64
from style_transfer.losses import STATISTICS, matrix_roots
from style_transfer.losses.matrix_roots import (
    fastest_method,
    matrix_sqrt,
    principal_axes,
    root_traces,
)
from tests.conftest import smooth_picture

METHODS = ("eigh", "newton-schulz")


def noise(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def second_moment(features):
    return features @ features.T / features.shape[1]


def gradient(name, features, style):
    features = features.clone().requires_grad_()
    statistic = STATISTICS[name]
    pair = statistic.summarize(features), statistic.target(style)
    statistic.distances([pair])[0].backward()
    return features.grad.double()


def test_axes_of_no_variance_are_left_out():
    _, axes, deviations = principal_axes(second_moment(noise(6, 4)))
    assert axes.shape == (6, 4)
    assert deviations.tolist() == sorted(deviations.tolist(), reverse=True)


def test_the_axes_and_their_deviations_make_up_the_matrix():
    matrix = second_moment(noise(6, 40))
    trace, axes, deviations = principal_axes(matrix)
    torch.testing.assert_close(trace, matrix.trace())
    torch.testing.assert_close((axes * deviations.square()) @ axes.T, matrix)


def test_the_gradient_is_that_of_finite_differences_where_eigenvalues_are_equal_too():
    targets = [principal_axes(second_moment(noise(4, 30, seed=1)))]
    for matrix in (second_moment(noise(4, 12)), torch.eye(4).double()):
        change = 1e-5 * (noise(4, 4, seed=2) + noise(4, 4, seed=2).T)
        ((above, _),) = root_traces([matrix + change], targets)
        ((below, _),) = root_traces([matrix - change], targets)
        ((_, slope),) = root_traces([matrix], targets)
        torch.testing.assert_close((slope * change).sum(), (above - below) / 2, rtol=1e-6, atol=0)


@pytest.mark.parametrize("name", ["bures", "wasserstein"])
def test_float32_gives_the_gradient_of_float64_on_features_of_pictures(network, name):
    pictures = [smooth_picture(seed, 64, 96) for seed in (1, 2)]
    layers = ["relu1_1", "relu3_1", "relu4_1"]  # some with rank, some without
    photo, style = (network(picture, layers) for picture in pictures)
    for layer in layers:
        one, other = (each[layer].squeeze(0).flatten(1) for each in (photo, style))
        exact = gradient(name, one.double(), other.double())
        error = (gradient(name, one, other) - exact).norm() / exact.norm()
        assert error < 0.01, layer


def test_several_are_computed_at_once_as_each_alone():
    sizes = [(3, 20), (8, 5), (5, 40)]
    matrices = [second_moment(noise(*size)) for size in sizes]
    targets = [principal_axes(second_moment(noise(*size, seed=1))) for size in sizes]
    alone = [root_traces([a], [b])[0] for a, b in zip(matrices, targets, strict=True)]
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        together = root_traces(matrices, targets)
    finally:
        torch.set_num_threads(threads)
    torch.testing.assert_close(together, alone)


@pytest.fixture
def use(monkeypatch):
    """A function that has all roots computed by a method."""
    return lambda method: monkeypatch.setattr(matrix_roots, "fastest_method", lambda _: method)


def root_trace(matrix, target):
    """Return the trace and its gradient."""
    return root_traces([matrix], [principal_axes(target)])[0]


def by_each_method(use, matrix, target):
    for method in METHODS:
        use(method)
        yield root_trace(matrix, target)


def test_both_methods_agree(use):
    a, b = second_moment(noise(80, 200)), second_moment(noise(80, 300, seed=1))
    (one, slope), (other, other_slope) = by_each_method(use, a, b)
    torch.testing.assert_close(one, other, rtol=1e-6, atol=0)
    torch.testing.assert_close(slope, other_slope, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["bures", "wasserstein"])
@pytest.mark.parametrize("layer", ["relu1_1", "relu3_1", "relu4_1"])
def test_products_give_the_distance_of_eigendecompositions_on_features_of_pictures(
    network, use, name, layer
):
    pictures = [smooth_picture(seed, 64, 96) for seed in (1, 2)]
    one, other = (network(picture, [layer])[layer].squeeze(0).flatten(1) for picture in pictures)
    statistic, found = STATISTICS[name], []
    for method, dtype in (("eigh", torch.float64), ("newton-schulz", torch.float32)):
        use(method)
        features = one.to(dtype, copy=True).requires_grad_()
        pair = statistic.summarize(features), statistic.target(other.to(dtype))
        (distance,) = statistic.distances([pair])
        distance.backward()
        found.append((distance.item(), features.grad.double()))
    (exact, slope), (value, gradient) = found
    assert value == pytest.approx(exact, rel=1e-3)
    assert (gradient - slope).norm() < 0.05 * slope.norm()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("case", ["rank-deficient", "all 0", "plain target", "below 0", "tiny"])
def test_matrices_without_some_directions_have_finite_traces_and_slopes(use, method, case):
    use(method)
    a, b = second_moment(noise(6, 40)), second_moment(noise(6, 40, seed=1))
    if case == "rank-deficient":
        a = second_moment(noise(6, 3))
    elif case == "all 0":
        a = 0 * a
    elif case == "plain target":
        b = 0 * b
    elif case == "below 0":
        a = second_moment(noise(6, 3)) - 1e-3 * torch.eye(6)
    else:
        a, b = 1e-20 * a, 1e-20 * b
    trace, slope = root_trace(a.float(), b.float())
    assert trace.isfinite()
    assert slope.isfinite().all()


def test_where_products_do_not_converge_an_eigendecomposition_takes_over(use):
    a, b = second_moment(noise(6, 3)) - 1e-3 * torch.eye(6), second_moment(noise(6, 40, seed=1))
    one, other = by_each_method(use, a, b)
    assert torch.equal(one[0], other[0])
    assert torch.equal(one[1], other[1])


@pytest.mark.parametrize("method", METHODS)
def test_one_that_is_no_number_leaves_the_others_as_they_are(use, method):
    use(method)
    good, target = second_moment(noise(3, 20)), principal_axes(second_moment(noise(3, 20, seed=1)))
    (first, _), (second, _) = root_traces([good, good / 0], [target, target])
    assert first.isfinite()
    assert second.isnan()


@pytest.mark.every_device
@pytest.mark.without_float64
def test_each_device_has_its_method(device):
    features, style = noise(6, 40).float().to(device), noise(6, 40, seed=1).float().to(device)
    _, axes, *_ = principal_axes(second_moment(style))
    float64 = computes_float64(features.device)
    assert axes.device == (features.device if float64 else torch.device("cpu"))
    assert fastest_method(axes.device.type) == METHODS[device != "cpu" and float64]
    value, slope = root_trace(second_moment(features), second_moment(style))
    wanted, wanted_slope = root_trace(second_moment(features).cpu(), second_moment(style).cpu())
    torch.testing.assert_close(value.cpu(), wanted, rtol=1e-5, atol=0)
    torch.testing.assert_close(slope.cpu(), wanted_slope, rtol=1e-3, atol=1e-4)


def test_the_root_multiplied_by_itself_is_the_matrix():
    matrix = second_moment(noise(6, 4))
    root = matrix_sqrt(matrix)
    torch.testing.assert_close(root @ root, matrix)
    torch.testing.assert_close(root, root.T)


def test_a_root_has_no_eigenvalue_below_the_least():
    root = matrix_sqrt(torch.diag(torch.tensor([4.0, 1e-9, -1e-9])).double(), 1e-6)
    torch.testing.assert_close(root.diagonal(), torch.tensor([2.0, 1e-3, 1e-3]).double())


@pytest.mark.parametrize("failures", [1, 2])
def test_where_an_eigendecomposition_does_not_converge_a_matrix_next_to_it_is_taken(
    monkeypatch, failures
):
    matrix, target = second_moment(noise(6, 40)), second_moment(noise(6, 40, seed=1))
    wanted = *root_trace(matrix, target), matrix_sqrt(matrix)
    decompose, tries = torch.linalg.eigh, []

    def failing(given):  # as LAPACK's divide and conquer with some matrices
        tries.append(given)
        if len(tries) % (failures + 1):
            raise torch.linalg.LinAlgError("linalg.eigh: The algorithm failed to converge")
        return decompose(given)

    monkeypatch.setattr(torch.linalg, "eigh", failing)
    found = *root_trace(matrix, target), matrix_sqrt(matrix)
    torch.testing.assert_close(found, wanted)
    assert len(tries) == 3 * (failures + 1)
    assert not torch.equal(tries[0], tries[1])
