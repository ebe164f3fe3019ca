"""Inverse roots by matrix products against those of known eigenvalues, and traces of roots."""

import pytest
import torch

from style_transfer.losses import newton_schulz as module
from style_transfer.losses.matrix_roots import principal_axes, root_traces
from style_transfer.losses.newton_schulz import newton_schulz, prepared, roots_by_products


def noise(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def eigenvectors(count, seed=0):
    return torch.linalg.qr(noise(count, count, seed=seed))[0]


def with_eigenvalues(*values):
    basis = eigenvectors(len(values))
    return (basis * torch.tensor(values).double()) @ basis.T


def second_moment(features):
    return features @ features.T / features.shape[1]


def polynomial(coefficients, x):
    return sum(a * x ** (2 * power + 1) for power, a in enumerate(coefficients))


def test_the_polynomials_carry_all_roots_of_eigenvalues_to_1():
    x = torch.logspace(torch.tensor(module._FLOOR).log10() / 2, 0, 100_001).double()
    for coefficients in module._POLYNOMIALS:
        x = polynomial(coefficients, x)
        assert x.max() < 1
    assert (polynomial(module._LAST, x) - 1).abs().max() < 1e-6


@pytest.mark.parametrize("size", [3, 64, 300])
def test_inverse_roots_of_all_eigenvalues_are_found(size):
    values = torch.logspace(torch.tensor(module._FLOOR).log10(), 0, size).double()
    bases = [eigenvectors(size, seed) for seed in (1, 2)]
    found, errors = newton_schulz(torch.stack([(each * values) @ each.T for each in bases]))
    for basis, inverse_root in zip(bases, found, strict=True):
        roots = 1 / (basis.T @ inverse_root @ basis).diagonal()
        torch.testing.assert_close(roots, values.sqrt(), rtol=2e-6, atol=0)
    assert errors.max() < module._MAX_RESIDUAL


@pytest.mark.parametrize("least", [-1e-3, -1e-9, 0, torch.nan])
def test_an_eigenvalue_that_has_no_inverse_root_is_told(least):
    good, bad = (with_eigenvalues(each, 0.1, 1.0) for each in (0.2, least))
    _, errors = newton_schulz(torch.stack([good, bad]))
    assert (errors < module._MAX_RESIDUAL).tolist() == [True, False]


def test_matrices_of_several_sizes_are_each_as_by_eigendecompositions():
    sizes = [(3, 20), (140, 400), (5, 4), (140, 300)]
    matrices = [second_moment(noise(*size)) for size in sizes]
    targets = [principal_axes(second_moment(noise(*size, seed=1))) for size in sizes]
    found, converged = roots_by_products(matrices, [prepared(*each[1:3]) for each in targets])
    assert converged.all()
    for (trace, slope), (wanted, wanted_slope) in zip(
        found, root_traces(matrices, targets), strict=True
    ):
        torch.testing.assert_close(trace, wanted, rtol=1e-5, atol=0)
        assert (slope - wanted_slope).norm() < 1e-3 * wanted_slope.norm()
