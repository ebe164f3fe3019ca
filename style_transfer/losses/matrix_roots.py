"""The trace of the root of a product of two matrices, which optimal transport needs, and its slope.

tr (B^1/2 A B^1/2)^1/2 is computed in the principal axes V of B, whose standard deviations along
them are d: there the matrix is D V^T A V D. Its entries are graded as its eigenvalues are, so that
the products with V may be of float32. The root itself needs float64: eigenvalues span more than the
precision of float32, whose rounding would change the gradient by up to 8 %.

An eigendecomposition is slow on GPUs. There the root comes from matrix products alone; on those
that lack float64 the matrices, which are small, go to the CPU.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from style_transfer.devices import CPU, precise
from style_transfer.network import ThreadPool

Axes = tuple[Tensor, Tensor]  # axes (C, R) in columns, deviations (R,), see `principal_axes`

# Of the product of both traces: smaller eigenvalues are rounding, and the gradient does not divide
# by their roots.
_MIN_EIGENVALUE = 1e-10
# Of the target's trace: features that are all 0 have a gradient of 0, not an infinite one.
_MIN_TRACE = 1e-4

_FLOOR, _ITERATIONS = 1e-12, 21  # added to eigenvalues of at most 1; until the floor has converged
_MAX_RESIDUAL = 1e-2  # of a product that is to be the identity
_ROUNDING = 1  # of the precision, added to A's eigenvalues: what it left below 0 would diverge

METHODS = ("eigh", "newton-schulz")
_threads = ThreadPool()


def principal_axes(matrix: Tensor) -> Axes:
    """Return the eigenvectors of a positive semi-definite matrix, and roots of its eigenvalues.

    The vectors are the columns of (C, R), in the matrix's type; the roots (R,) are of float64. Both
    are where `precise` puts the matrix, and sorted from the largest root; the R axes are those with
    more than rounding along them, one at least.
    """
    values, vectors = torch.linalg.eigh(precise(matrix))
    values, vectors = values.flip(0).clamp_min(0), vectors.flip(1)
    rounding = torch.finfo(matrix.dtype).eps * values.sum()
    count = max(1, int((values > rounding).sum()))
    return vectors[:, :count].to(matrix.dtype).contiguous(), values[:count].sqrt()


def matrix_sqrt(matrix: Tensor) -> Tensor:
    """Return the symmetric root of a positive semi-definite matrix (C, C), `precise`.

    Eigenvalues below 0, which are rounding, count as 0.
    """
    values, vectors = torch.linalg.eigh(precise(matrix))
    return (vectors * values.clamp_min(0).sqrt()) @ vectors.T


def root_traces(
    matrices: Sequence[Tensor], targets: Sequence[Axes], method: str | None = None
) -> tuple[Tensor, ...]:
    """Return tr (B^1/2 A B^1/2)^1/2 for each matrix A (C, C), symmetric, and the axes of its B.

    `method` is one of METHODS, by default the faster one where the axes are. On the CPU they are
    computed side by side, one thread each: an eigendecomposition hardly gains by a second thread.
    """
    method = method or fastest_method(targets[0][0].device.type)
    traces: tuple[Tensor, ...] = _RootTraces.apply(targets, method, *matrices)
    return traces


def fastest_method(device_type: str) -> str:
    """Return one of METHODS for devices of a type as in torch.device."""
    return "eigh" if device_type == CPU else "newton-schulz"


class _RootTraces(torch.autograd.Function):
    """The traces, and their gradient 1/2 B^1/2 (B^1/2 A B^1/2)^-1/2 B^1/2 with respect to A.

    Differs from what autograd makes of `eigh`, which is undefined for equal eigenvalues.
    """

    @staticmethod
    def forward(
        ctx: Any, targets: Sequence[Axes], method: str, *matrices: Tensor
    ) -> tuple[Tensor, ...]:
        compute = _side_by_side if method == "eigh" else _by_products
        near = [matrix.to(axes.device) for matrix, (axes, _) in zip(matrices, targets, strict=True)]
        found = compute(near, targets)
        traces, transports = zip(
            *([each.to(matrices[0].device) for each in pair] for pair in found), strict=True
        )
        ctx.save_for_backward(*transports)
        return tuple(traces)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        pairs = zip(gradients, ctx.saved_tensors, strict=True)
        return None, None, *(0.5 * gradient * transport for gradient, transport in pairs)


def _side_by_side(
    matrices: Sequence[Tensor], targets: Sequence[Axes]
) -> list[tuple[Tensor, Tensor]]:
    """Return the `_root_trace` of each matrix."""
    if matrices[0].device.type != CPU:
        return [_root_trace(each, *axes) for each, axes in zip(matrices, targets, strict=True)]
    found = dict[int, tuple[Tensor, Tensor]]()
    largest_first = sorted(range(len(matrices)), key=lambda index: -targets[index][0].numel())

    def work(ranks: Iterator[int]) -> None:
        for index in (largest_first[rank] for rank in ranks):
            found[index] = _root_trace(matrices[index], *targets[index])

    _threads.map_blocks(work, range(len(matrices)))
    return [found[index] for index in range(len(matrices))]


def _root_trace(matrix: Tensor, axes: Tensor, deviations: Tensor) -> tuple[Tensor, Tensor]:
    """Return the trace, 0-d, and twice its gradient (C, C), which is the linear transport map."""
    graded = precise(axes.T @ matrix @ axes) * deviations * deviations.unsqueeze(1)
    if not graded.isfinite().all():  # `eigh` would raise
        return matrix.new_tensor(torch.nan), torch.full_like(matrix, torch.nan)
    values, vectors = torch.linalg.eigh((graded + graded.T) / 2)
    wanted = deviations.square().sum()
    trace = matrix.diagonal().sum().to(wanted).clamp_min(_MIN_TRACE * wanted)
    least = (_MIN_EIGENVALUE * wanted * trace).clamp_min(torch.finfo(wanted.dtype).tiny)
    turned = deviations.unsqueeze(1) * vectors / values.clamp_min(least) ** 0.25
    basis = axes @ turned.to(matrix)
    return values.clamp_min(0).sqrt().sum().to(matrix), basis @ basis.T


def _by_products(
    matrices: Sequence[Tensor], targets: Sequence[Axes]
) -> list[tuple[Tensor, Tensor]]:
    """Return the `_root_trace` of each matrix, from matrix products where these converge."""
    found = [_newton_root_trace(a, *axes) for a, axes in zip(matrices, targets, strict=True)]
    residuals = torch.stack([residual for *_, residual in found]).tolist()  # one transfer
    return [
        (trace, transport) if residual < _MAX_RESIDUAL else _root_trace(matrix, *axes)
        for (trace, transport, _), residual, matrix, axes in zip(
            found, residuals, matrices, targets, strict=True
        )
    ]


def _newton_root_trace(
    matrix: Tensor, axes: Tensor, deviations: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Return what `_root_trace` does, and the residual of the iteration, 0-d.

    In float64, since smaller eigenvalues than float32 tells apart make up a tenth of the gradient;
    there is no TF32 of it either.
    """
    tiny = torch.finfo(torch.float32).tiny
    wanted = deviations.square().sum().clamp_min(tiny)
    trace = matrix.diagonal().sum().to(wanted).clamp_min(_MIN_TRACE * wanted)
    shares = deviations / wanted.sqrt()
    basis = axes.to(shares) * shares
    graded = basis.T @ (matrix.to(shares) / trace) @ basis  # of a trace of at most 1
    added = _ROUNDING * torch.finfo(matrix.dtype).eps * shares.square() + _FLOOR
    inverse_root, residual = newton_schulz((graded + graded.T) / 2 + added.diag())
    # Half of what was added counts, which leaves the trace as it is, to first order.
    root_trace = ((graded + (added / 2).diag()) * inverse_root).sum() * (wanted * trace).sqrt()
    transport = (basis @ inverse_root @ basis.T) * (wanted / trace).sqrt()
    return root_trace.to(matrix), transport.to(matrix), residual


def newton_schulz(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """Return the inverse root of a symmetric matrix and how far it is from one, 0-d.

    The eigenvalues are to be from _FLOOR to 1. Higham 2008, "Functions of Matrices",
    eq. 6.35, scaled at each iteration as far as convergence allows: Chen and Chow 2014, "A Stable
    Scaling of Newton-Schulz for Improving the Sign Function Computation of a Hermitian Matrix".
    """
    identity = torch.eye(len(matrix), dtype=matrix.dtype).to(matrix.device)
    root, inverse_root, least = matrix, identity, _FLOOR**0.5
    for _ in range(_ITERATIONS):
        scale = (3 / (1 + least + least**2)) ** 0.5
        step = 1.5 * scale * identity - 0.5 * scale**3 * (inverse_root @ root)
        root, inverse_root = root @ step, step @ inverse_root
        least *= scale * (3 - (scale * least) ** 2) / 2
    return inverse_root, (inverse_root @ root - identity).norm()
