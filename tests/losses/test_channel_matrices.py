import numpy as np
import pytest
import torch
from torch.profiler import ProfilerActivity, profile

from style_transfer.losses.channel_matrices import (
    correlation_matrix,
    covariance_matrix,
    gram_matrix,
    mean_and_covariance,
    mean_and_second_moments,
    mean_gram_matrix,
)

every_matrix = pytest.mark.parametrize(
    "matrix_of",
    [mean_gram_matrix, covariance_matrix, correlation_matrix],
    ids=["gram", "covariance", "correlation"],
)


def noise(*shape, seed=0, dtype=torch.float64):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def test_gram_matrix_of_the_worked_example():
    gram = gram_matrix(torch.tensor([[19.0, 20.0], [9.0, 8.0]]))
    assert gram.tolist() == [[761, 331], [331, 145]]


def test_covariance_and_correlation_agree_with_numpy():
    channels = noise(5, 40)
    torch.testing.assert_close(covariance_matrix(channels), torch.tensor(np.cov(channels)))
    torch.testing.assert_close(correlation_matrix(channels), torch.tensor(np.corrcoef(channels)))


def test_the_printed_covariance_has_the_printed_correlation():
    covariance = torch.tensor(
        [[3.16, 4.13, 2.79], [4.13, 11.79, 4.32], [2.79, 4.32, 9.31]], dtype=torch.float64
    )
    # Samples with exactly this covariance: whitened noise, coloured by its Cholesky factor.
    white = noise(3, 50)
    white = white - white.mean(1, keepdim=True)
    white = torch.linalg.solve_triangular(
        torch.linalg.cholesky(covariance_matrix(white)), white, upper=False
    )
    samples = torch.linalg.cholesky(covariance) @ white
    torch.testing.assert_close(covariance_matrix(samples), covariance)

    correlation = correlation_matrix(samples)
    printed = torch.tensor([[1, 0.67, 0.51], [0.67, 1, 0.41], [0.51, 0.41, 1]]).double()
    assert correlation[0, 1].item() == pytest.approx(0.677, abs=5e-4)  # printed as .67, not .68
    torch.testing.assert_close(correlation, printed, atol=0.008, rtol=0)
    assert round(correlation[0, 2].item(), 2) == 0.51
    assert round(correlation[1, 2].item(), 2) == 0.41


@every_matrix
def test_gradients_agree_with_finite_differences(matrix_of):
    assert torch.autograd.gradcheck(matrix_of, noise(3, 4, 5).requires_grad_())


@every_matrix
def test_a_feature_map_may_be_flat_or_not(matrix_of):
    channels = noise(3, 4, 5)
    assert torch.equal(matrix_of(channels), matrix_of(channels.flatten(1)))


@every_matrix
def test_where_in_the_picture_does_not_matter(matrix_of):
    channels = noise(3, 20)
    shuffled = channels[:, torch.randperm(20, generator=torch.Generator().manual_seed(1))]
    torch.testing.assert_close(matrix_of(channels), matrix_of(shuffled))


@every_matrix
@pytest.mark.parametrize("constant", [0.0, 0.1, 1 / 3, -7.7, 123.68, 1e-20, 1e10])
@pytest.mark.parametrize("positions", [2, 63, 512 * 512])
def test_a_constant_channel_gives_no_nan(matrix_of, constant, positions):
    channels = noise(2, positions, dtype=torch.float32)
    channels[0] = constant
    channels.requires_grad_()
    value = matrix_of(channels)
    value.sum().backward()
    assert value.isfinite().all()
    assert channels.grad.isfinite().all()
    if matrix_of is correlation_matrix:
        assert value[0].tolist() == [0, 0]
        assert value[1, 1].item() == pytest.approx(1, abs=1e-4)
        assert not channels.grad[0].any()


def test_correlation_ignores_brightness_and_contrast_of_a_channel():
    channels = noise(3, 30)
    scale, shift = torch.tensor([[2.0], [0.3], [90.0]]), torch.tensor([[5.0], [-1.0], [0.2]])
    torch.testing.assert_close(
        correlation_matrix(channels * scale + shift), correlation_matrix(channels)
    )


@pytest.mark.parametrize("matrix_of", [covariance_matrix, correlation_matrix])
def test_a_single_position_is_refused(matrix_of):
    with pytest.raises(ValueError, match="at least 2 positions, not 1"):
        matrix_of(noise(3, 1, 1))


def test_mean_gram_matrices_of_small_and_large_noise_agree():
    small, large = noise(3, 128, 128, seed=1), noise(3, 256, 256, seed=2)
    torch.testing.assert_close(mean_gram_matrix(small), mean_gram_matrix(large), atol=0.05, rtol=0)


@every_matrix
def test_equal_weights_make_no_difference(matrix_of):
    channels = noise(5, 40)
    weights = torch.full((40,), 1 / 40, dtype=torch.float64)
    torch.testing.assert_close(matrix_of(channels, weights), matrix_of(channels))


@every_matrix
def test_positions_without_weight_do_not_count(matrix_of):
    channels = noise(5, 40)
    weights = torch.cat([torch.full((30,), 1 / 30), torch.zeros(10)]).double()
    torch.testing.assert_close(matrix_of(channels, weights), matrix_of(channels[:, :30]))


@every_matrix
def test_gradients_with_weights_agree_with_finite_differences(matrix_of):
    weights = torch.rand(20, generator=torch.Generator().manual_seed(1)).double()
    weights = weights / weights.sum()
    assert torch.autograd.gradcheck(
        lambda channels: matrix_of(channels, weights), noise(3, 4, 5).requires_grad_()
    )


@every_matrix
def test_without_any_weight_the_matrix_is_finite(matrix_of):
    channels = noise(5, 40).requires_grad_()
    result = matrix_of(channels, torch.zeros(40, dtype=torch.float64))
    assert result.isfinite().all()
    result.sum().backward()
    assert channels.grad.isfinite().all()


weighted_or_not = pytest.mark.parametrize("weighted", [False, True], ids=["alike", "weighted"])


def twenty_weights():
    weights = torch.rand(20, generator=torch.Generator().manual_seed(1)).double()
    return weights / weights.sum()


@weighted_or_not
def test_means_and_second_moments_are_those_of_numpy(weighted):
    channels, weights = noise(3, 20), twenty_weights() if weighted else None
    mean, products = mean_and_second_moments(channels, weights)
    torch.testing.assert_close(mean, torch.tensor(np.average(channels, 1, weights)))
    centred = np.cov(channels, aweights=weights, bias=True)
    torch.testing.assert_close(products - torch.outer(mean, mean), torch.tensor(centred))


@weighted_or_not
def test_means_and_covariances_are_those_of_numpy(weighted):
    channels, weights = noise(3, 20), twenty_weights() if weighted else None
    mean, covariance = mean_and_covariance(channels, weights)
    torch.testing.assert_close(mean, torch.tensor(np.average(channels, 1, weights)))
    expected = torch.tensor(np.cov(channels, aweights=weights, bias=True))
    torch.testing.assert_close(covariance, expected)


@weighted_or_not
@pytest.mark.parametrize("moments_of", [mean_and_second_moments, mean_and_covariance])
def test_gradients_of_moments_agree_with_finite_differences(moments_of, weighted):
    weights = twenty_weights() if weighted else None
    assert torch.autograd.gradcheck(
        lambda channels: moments_of(channels, weights), noise(3, 4, 5).requires_grad_()
    )


def test_float32_gives_the_gradient_of_means_and_second_moments_of_float64():
    gradients = []
    for dtype in (torch.float32, torch.float64):
        channels = noise(3, 4, 5).to(dtype).requires_grad_()
        mean, products = mean_and_second_moments(channels)
        (mean.square().sum() + products.square().sum()).backward()
        gradients.append(channels.grad.double())
    torch.testing.assert_close(*gradients, atol=1e-6, rtol=1e-5)


def test_the_gradient_of_means_and_second_moments_takes_no_second_map_of_features():
    channels = noise(4096, 8).float().T.requires_grad_()  # laid out as by the convolutions
    mean, products = mean_and_second_moments(channels)
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiled:
        torch.autograd.grad(mean.sum() + products.sum(), channels)
    sizes = [event.self_cpu_memory_usage for event in profiled.events()]
    assert sum(size for size in sizes if size > 0) < 1.5 * channels.nbytes
