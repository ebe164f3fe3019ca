"""Traces of roots in float32 against float64, on features of pictures, and several at once."""

import pytest
import torch

from style_transfer.losses import STATISTICS
from style_transfer.losses.matrix_roots import matrix_sqrt, principal_axes, root_traces
from tests.conftest import smooth_picture


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
    axes, deviations = principal_axes(second_moment(noise(6, 4)))
    assert axes.shape == (6, 4)
    assert deviations.tolist() == sorted(deviations.tolist(), reverse=True)


def test_the_axes_and_their_deviations_make_up_the_matrix():
    matrix = second_moment(noise(6, 40))
    axes, deviations = principal_axes(matrix)
    torch.testing.assert_close((axes * deviations.square()) @ axes.T, matrix)


def test_the_gradient_is_that_of_finite_differences_where_eigenvalues_are_equal_too():
    targets = [principal_axes(second_moment(noise(4, 30, seed=1)))]

    def trace(features):
        return root_traces([second_moment(features)], targets)[0]

    assert torch.autograd.gradcheck(trace, noise(4, 12).requires_grad_())
    assert torch.autograd.gradcheck(trace, (5**0.5 * torch.eye(4, 5).double()).requires_grad_())


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
    torch.testing.assert_close(torch.stack(together), torch.stack(alone))


def test_one_that_is_no_number_leaves_the_others_as_they_are():
    good, target = second_moment(noise(3, 20)), principal_axes(second_moment(noise(3, 20, seed=1)))
    first, second = root_traces([good, good / 0], [target, target])
    assert first.isfinite()
    assert second.isnan()


def test_the_root_multiplied_by_itself_is_the_matrix():
    matrix = second_moment(noise(6, 4))
    root = matrix_sqrt(matrix)
    torch.testing.assert_close(root @ root, matrix)
    torch.testing.assert_close(root, root.T)
