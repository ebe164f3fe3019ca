"""The trace of the root of a product of two matrices, which optimal transport needs, and its slope.

tr (B^1/2 A B^1/2)^1/2 is computed in the principal axes V of B, whose standard deviations along
them are d: there the matrix is D V^T A V D. Its entries are graded as its eigenvalues are, so that
the products with V may be of float32. The root itself needs float64: eigenvalues span more than the
precision of float32, whose rounding would change the gradient by up to 8 %.

An eigendecomposition is slow on GPUs. There the root comes from matrix products alone
(`newton_schulz`); on those that lack float64 the matrices, which are small, go to the CPU.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress

import torch
from torch import Tensor

from style_transfer.devices import CPU, is_recording, precise, returned
from style_transfer.losses.newton_schulz import MIN_TRACE, Root, prepared, roots_by_products
from style_transfer.network import ThreadPool

Axes = tuple[Tensor, ...]  # trace, axes, deviations ..., see `principal_axes`

# Of the product of both traces: smaller eigenvalues are rounding, and the gradient does not divide
# by their roots.
_MIN_EIGENVALUE = 1e-10

# Of the trace, added to the diagonal where LAPACK's divide and conquer does not converge: rarely,
# with matrices of nearly rank 1 such as those of a plain painting, and not with one as near.
_SHIFTS = 2.0**-52, 2.0**-48, 2.0**-44

_threads = ThreadPool()


def principal_axes(matrix: Tensor) -> Axes:
    """Return a positive semi-definite matrix B (C, C) as a target of `root_traces`.

    That is its trace, 0-d in the matrix's type; its eigenvectors, in the columns of (C, R) and in
    that type; and the roots of its eigenvalues, (R,) of float64, sorted from the largest. The R
    axes are those with more than rounding along them, one at least. Where `fastest_method` is
    "newton-schulz" there follows what that needs, see `prepared`. All but the trace are where
    `precise` puts the matrix.
    """
    values, vectors = _eigen(precise(matrix))
    values, vectors = values.flip(0).clamp_min(0), vectors.flip(1)
    rounding = torch.finfo(matrix.dtype).eps * values.sum()
    count = max(1, int((values > rounding).sum()))
    axes, deviations = vectors[:, :count].to(matrix.dtype).contiguous(), values[:count].sqrt()
    found = returned(deviations.square().sum(), matrix), axes, deviations
    if fastest_method(axes.device.type) == "eigh":
        return found
    return *found, *prepared(axes, deviations)


def matrix_sqrt(matrix: Tensor, least: Tensor | float = 0.0) -> Tensor:
    """Return the symmetric root of a positive semi-definite matrix (C, C), `precise`.

    Eigenvalues below the `least` that they can be, which are rounding, count as that.
    """
    values, vectors = _eigen(precise(matrix))
    return (vectors * values.clamp_min(least).sqrt()) @ vectors.T


def root_traces(matrices: Sequence[Tensor], targets: Sequence[Axes]) -> list[Root]:
    """Return tr (B^1/2 A B^1/2)^1/2 for each matrix A (C, C), symmetric, and the axes of its B.

    Each with its gradient by A, (C, C), which is half the linear map that carries a Gaussian of
    covariance A onto one of B: 1/2 B^1/2 (B^1/2 A B^1/2)^-1/2 B^1/2. Autograd is not asked, which
    has no derivative of `eigh` for equal eigenvalues.

    On the CPU they are computed side by side, one thread each: an eigendecomposition hardly gains
    by a second thread.
    """
    method = fastest_method(targets[0][1].device.type)
    compute = _by_eigh if method == "eigh" else _by_products
    near = [each.detach().to(axes[1].device) for each, axes in zip(matrices, targets, strict=True)]
    with torch.no_grad():
        found = compute(near, targets)
    device = matrices[0].device
    return [(trace.to(device), slope.to(device)) for trace, slope in found]


def fastest_method(device_type: str) -> str:
    """Return "eigh" or "newton-schulz" for devices of a type as in torch.device."""
    return "eigh" if device_type == CPU else "newton-schulz"


def _by_eigh(matrices: Sequence[Tensor], targets: Sequence[Axes]) -> list[Root]:
    """Return the `_root_trace` of each matrix."""
    if matrices[0].device.type != CPU:
        return [_root_trace(each, *axes[1:3]) for each, axes in zip(matrices, targets, strict=True)]
    found = dict[int, tuple[Tensor, Tensor]]()
    largest_first = sorted(range(len(matrices)), key=lambda index: -targets[index][1].numel())

    def work(ranks: Iterator[int]) -> None:
        for index in (largest_first[rank] for rank in ranks):
            found[index] = _root_trace(matrices[index], *targets[index][1:3])

    _threads.map_blocks(work, range(len(matrices)))
    return [found[index] for index in range(len(matrices))]


def _root_trace(matrix: Tensor, axes: Tensor, deviations: Tensor) -> Root:
    """Return the trace, 0-d, and its gradient (C, C), which is half the linear transport map."""
    graded = precise(axes.T @ matrix @ axes) * deviations * deviations.unsqueeze(1)
    if not graded.isfinite().all():  # `eigh` would raise
        return matrix.new_tensor(torch.nan), torch.full_like(matrix, torch.nan)
    values, vectors = _eigen((graded + graded.T) / 2)
    wanted = deviations.square().sum()
    trace = matrix.diagonal().sum().to(wanted).clamp_min(MIN_TRACE * wanted)
    least = (_MIN_EIGENVALUE * wanted * trace).clamp_min(torch.finfo(wanted.dtype).tiny)
    turned = deviations.unsqueeze(1) * vectors / values.clamp_min(least) ** 0.25
    basis = axes @ turned.to(matrix)
    return values.clamp_min(0).sqrt().sum().to(matrix), basis @ (0.5 * basis).T


def _eigen(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """Return the eigenvalues (C,) and eigenvectors (C, C) of a symmetric matrix of float64."""
    for shift in _SHIFTS:
        with suppress(torch.linalg.LinAlgError):
            return torch.linalg.eigh(matrix)
        matrix = matrix + shift * matrix.diagonal().sum() * torch.eye(len(matrix)).to(matrix)
    return torch.linalg.eigh(matrix)


def _by_products(matrices: Sequence[Tensor], targets: Sequence[Axes]) -> list[Root]:
    """Return the `_root_trace` of each matrix, from matrix products where these converge.

    While the call is recorded, nothing can be done about those that do not: their traces are NaN.
    """
    found, converged = roots_by_products(
        matrices, [each[3:] or prepared(*each[1:3]) for each in targets]
    )
    if is_recording(matrices[0].device):
        traces, slopes = zip(*found, strict=True)
        known = torch.stack(traces).where(converged, torch.nan).unbind()
        return list(zip(known, slopes, strict=True))
    return [
        each if good else _root_trace(matrix, *axes[1:3])
        for each, good, matrix, axes in zip(
            found, converged.tolist(), matrices, targets, strict=True
        )
    ]
