"""Traces of roots by matrix products alone, for devices where eigendecompositions are slow.

The inverse root of a matrix comes from a Newton-Schulz iteration (Higham 2008, "Functions of
Matrices", eq. 6.35) with a polynomial of its own at each step, as in Amsel, Persson, Musco and
Gower 2025, "The Polar Express". Matrices of about the same size are computed together.
"""

from collections.abc import Sequence
from functools import lru_cache, partial

import torch
import torch.nn.functional as F
from torch import Tensor

from style_transfer.devices import side_by_side

Target = tuple[Tensor, ...]  # see `prepared`
Root = tuple[Tensor, Tensor]  # trace, 0-d, and its gradient (C, C)

# Of the target's trace: features that are all 0 have a gradient of 0, not an infinite one.
MIN_TRACE = 1e-4

_FLOOR = 1e-11  # added to eigenvalues of at most 1, so that all of them converge
_ROUNDING = 1  # of the precision, added to A's eigenvalues: what it left below 0 would diverge
# Of the last product but one that is to be the identity. 0.2 where all eigenvalues are as far from
# 1 as the polynomials leave them; 1 for a single one below 0.
_MAX_RESIDUAL = 0.5

_SIZES = (128, 256, 512)  # to which matrices are filled up, to be computed together

# Coefficients a of x (a0 + a1 x^2 + a2 x^4 ...), the polynomials nearest to 1 from the least root
# of an eigenvalue that the ones before leave up to 1, scaled to stay 1e-5 below 1: above it the
# next one grows steeply. By Remez's algorithm, beginning at the root of _FLOOR. Five coefficients
# take five products; two, as Newton and Schulz have it, would take 16 steps of three products.
_POLYNOMIALS = (
    (7.608507, -74.9618004, 249.900435, -321.492137, 139.944986),
    (7.60822787, -74.9541549, 249.87019, -321.450291, 139.926018),
    (7.60610383, -74.8959932, 249.64012, -321.131966, 139.781726),
    (7.58993601, -74.4542729, 247.893381, -318.715557, 138.686503),
    (7.46663996, -71.1432282, 234.832886, -300.669017, 130.51271),
    (6.55758966, -49.7239914, 152.070948, -187.425704, 79.5211471),
    (3.51537134, -9.14251689, 15.0647041, -12.4036863, 3.96611774),
)
_LAST = (15 / 8, -10 / 8, 3 / 8)  # the first terms of a Taylor series: exact at 1


def prepared(axes: Tensor, deviations: Tensor) -> Target:
    """Return basis, diagonals and trace of a target B (C, C), all in float64.

    It is given by the axes (C, R) and deviations (R,) of `principal_axes`. The columns of the basis
    (C, size) are the axes times the shares that their deviations have in the root of the trace.
    They are filled up with zeros to a usual `size`, so that targets can be computed together. The
    diagonals, (2, size), are what is added to the matrix in that basis, and the part of it that
    does not count in its root's trace.
    """
    count = axes.shape[1]
    size = next((each for each in _SIZES if each >= count), count)
    trace = deviations.square().sum().clamp_min(torch.finfo(torch.float32).tiny)
    shares = F.pad(deviations / trace.sqrt(), (0, size - count))
    basis = F.pad(axes, (0, size - count)).to(shares) * shares
    floor = _ROUNDING * torch.finfo(axes.dtype).eps * shares.square() + _FLOOR
    # Half of the floor counts, which leaves the trace as it is, to first order. Beyond the axes
    # rows and columns are those of the identity.
    present = shares > 0
    return basis, torch.stack([each.where(present, 1.0) for each in (floor, floor / 2)]), trace


def roots_by_products(
    matrices: Sequence[Tensor], targets: Sequence[Target]
) -> tuple[list[Root], Tensor]:
    """Return tr (B^1/2 A B^1/2)^1/2 and its gradient by A, for each matrix A and target B.

    And whether each of them has converged, (n,). The sizes are computed side by side.
    """
    sizes = dict[int, list[int]]()
    for index, (basis, *_) in enumerate(targets):
        sizes.setdefault(basis.shape[1], []).append(index)
    calls = [
        partial(_of_one_size, [matrices[n] for n in each], [targets[n] for n in each])
        for each in sizes.values()
    ]
    found, converged = dict[int, Root](), dict[int, Tensor]()
    together = side_by_side(matrices[0].device, calls)
    for indices, (roots, good) in zip(sizes.values(), together, strict=True):
        found |= zip(indices, roots, strict=True)
        converged |= zip(indices, good.unbind(), strict=True)
    order = range(len(matrices))
    return [found[n] for n in order], torch.stack([converged[n] for n in order])


def _of_one_size(
    matrices: Sequence[Tensor], targets: Sequence[Target]
) -> tuple[list[Root], Tensor]:
    """Return what `roots_by_products` does, for targets of the same size.

    In float64, since smaller eigenvalues than float32 tells apart make up a tenth of the gradient;
    there is no TF32 of it either.
    """
    bases, diagonals, traces = zip(*targets, strict=True)
    (added, uncounted), wanted = torch.stack(diagonals, 1).unbind(), torch.stack(traces)
    own = torch.stack([each.diagonal().sum(dtype=wanted.dtype) for each in matrices])
    own = torch.maximum(own, MIN_TRACE * wanted)
    products = torch.stack(_congruent(matrices, [basis.mT for basis in bases], wanted.dtype))
    normalised = (products + products.mT).div_(_as_matrices(2 * own))
    normalised.diagonal(dim1=1, dim2=2).add_(added)
    inverse_roots, residuals = newton_schulz(normalised)
    beside = (uncounted * inverse_roots.diagonal(dim1=1, dim2=2)).sum(1)
    # Dimension by dimension, for the reason given in `means`.
    found = ((normalised * inverse_roots).sum(2).sum(1) - beside) * (wanted * own).sqrt()
    inverse_roots.mul_(_as_matrices(0.5 * (wanted / own).sqrt()))
    slopes = _congruent(inverse_roots.unbind(), bases, matrices[0].dtype)
    roots = list(zip(found.to(matrices[0].dtype).unbind(), slopes, strict=True))
    return roots, residuals < _MAX_RESIDUAL


def _congruent(
    matrices: Sequence[Tensor], factors: Sequence[Tensor], dtype: torch.dtype
) -> list[Tensor]:
    """Return F A F^T in a type for each matrix A (k, k) and factor F (m, k), computed in F's.

    Those of equal sizes are computed together.
    """
    alike, found = dict[torch.Size, list[int]](), dict[int, Tensor]()
    for index, factor in enumerate(factors):
        alike.setdefault(factor.shape, []).append(index)
    for indices in alike.values():
        factor = torch.stack([factors[n] for n in indices])
        inner = torch.stack([matrices[n] for n in indices]).to(factor)
        results = (factor @ inner @ factor.mT).to(dtype)
        found |= zip(indices, results.unbind(), strict=True)
    return [found[n] for n in range(len(matrices))]


def newton_schulz(matrices: Tensor) -> tuple[Tensor, Tensor]:
    """Return the inverse roots of symmetric matrices (n, R, R), and a norm of their errors, (n,).

    The eigenvalues are to be from _FLOOR to 1. The error is that of the step before the last one,
    which makes of an eigenvalue's error e about 5/16 e^3.
    """
    root, product = matrices, matrices
    inverse_root: Tensor | None = None  # the identity
    for (a0, a1, _, a3, _), ratios in zip(_POLYNOMIALS, _ratios(matrices.device), strict=True):
        square = product @ product
        low, high = torch.addcmul(product, square, ratios)  # a1 and a3 are factored out
        factor = low.baddbmm_(square, high, beta=a1, alpha=a3)
        factor.diagonal(dim1=1, dim2=2).add_(a0)
        root = root @ factor
        inverse_root = factor if inverse_root is None else factor @ inverse_root
        product = inverse_root @ root
    assert inverse_root is not None
    factor = torch.add(product @ product, product, alpha=_LAST[1] / _LAST[2])
    found = torch.baddbmm(inverse_root, factor, inverse_root, beta=_LAST[0], alpha=_LAST[2])
    product.diagonal(dim1=1, dim2=2).sub_(1)
    return found, torch.linalg.vector_norm(torch.linalg.vector_norm(product, dim=2), dim=1)


@lru_cache(maxsize=8)
def _ratios(device: torch.device) -> Tensor:
    """Return a2 / a1 and a4 / a3 of each polynomial, (steps, 2, 1, 1, 1)."""
    found = [(a2 / a1, a4 / a3) for _, a1, a2, a3, a4 in _POLYNOMIALS]
    return torch.tensor(found, dtype=torch.float64).view(-1, 2, 1, 1, 1).to(device)


def _as_matrices(numbers: Tensor) -> Tensor:
    return numbers.view(-1, 1, 1)
