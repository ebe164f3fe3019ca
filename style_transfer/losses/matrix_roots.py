"""The trace of the root of a product of two matrices, which optimal transport needs, and its slope.

tr (B^1/2 A B^1/2)^1/2 is computed in the principal axes V of B, whose standard deviations along
them are d: there the matrix is D V^T A V D. Its entries are graded as its eigenvalues are, so that
the products with V may be of float32. The root itself needs float64: eigenvalues span more than the
precision of float32, whose rounding would change the gradient by up to 8 %.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from style_transfer.network import ThreadPool

Axes = tuple[Tensor, Tensor]  # axes (C, R) in columns, deviations (R,), see `principal_axes`

# Of the product of both traces: smaller eigenvalues are rounding, and the gradient does not divide
# by their roots.
_MIN_EIGENVALUE = 1e-10
# Of the target's trace: features that are all 0 have a gradient of 0, not an infinite one.
_MIN_TRACE = 1e-4

_threads = ThreadPool()


def principal_axes(matrix: Tensor) -> Axes:
    """Return the eigenvectors of a positive semi-definite matrix, and roots of its eigenvalues.

    The vectors are the columns of (C, R), in the matrix's type; the roots (R,) are of float64 where
    the device has it. Both are sorted from the largest root; the R axes are those with more than
    rounding along them, one at least.
    """
    values, vectors = _eigh(matrix)
    values, vectors = values.flip(0).clamp_min(0), vectors.flip(1)
    rounding = torch.finfo(matrix.dtype).eps * values.sum()
    count = max(1, int((values > rounding).sum()))
    return vectors[:, :count].to(matrix).contiguous(), values[:count].sqrt()


def matrix_sqrt(matrix: Tensor) -> Tensor:
    """Return the symmetric root of a positive semi-definite matrix (C, C), in float64 where it can.

    Eigenvalues below 0, which are rounding, count as 0.
    """
    values, vectors = _eigh(matrix)
    return (vectors * values.clamp_min(0).sqrt()) @ vectors.T


def root_traces(matrices: Sequence[Tensor], targets: Sequence[Axes]) -> tuple[Tensor, ...]:
    """Return tr (B^1/2 A B^1/2)^1/2 for each matrix A (C, C), symmetric, and the axes of its B.

    On the CPU they are computed side by side, one thread each: an eigendecomposition hardly gains
    by a second thread.
    """
    traces: tuple[Tensor, ...] = _RootTraces.apply(targets, *matrices)
    return traces


class _RootTraces(torch.autograd.Function):
    """The traces, and their gradient 1/2 B^1/2 (B^1/2 A B^1/2)^-1/2 B^1/2 with respect to A.

    Differs from what autograd makes of `eigh`, which is undefined for equal eigenvalues.
    """

    @staticmethod
    def forward(ctx: Any, targets: Sequence[Axes], *matrices: Tensor) -> tuple[Tensor, ...]:
        traces, transports = zip(*_side_by_side(matrices, targets), strict=True)
        ctx.save_for_backward(*transports)
        return tuple(traces)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        pairs = zip(gradients, ctx.saved_tensors, strict=True)
        return None, *(0.5 * gradient * transport for gradient, transport in pairs)


def _side_by_side(
    matrices: Sequence[Tensor], targets: Sequence[Axes]
) -> list[tuple[Tensor, Tensor]]:
    """Return the `_root_trace` of each matrix."""
    if matrices[0].device.type != "cpu":
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
    values, vectors = _eigh((graded + graded.T) / 2)
    wanted = deviations.square().sum()
    trace = matrix.diagonal().sum().to(wanted).clamp_min(_MIN_TRACE * wanted)
    least = (_MIN_EIGENVALUE * wanted * trace).clamp_min(torch.finfo(wanted.dtype).tiny)
    turned = deviations.unsqueeze(1) * vectors / values.clamp_min(least) ** 0.25
    basis = axes @ turned.to(matrix)
    return values.clamp_min(0).sqrt().sum().to(matrix), basis @ basis.T


def precise(matrix: Tensor) -> Tensor:
    """Return the matrix in float64, on devices that have it."""
    return matrix if matrix.device.type == "mps" else matrix.double()  # Apple's GPUs lack float64


def _eigh(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """Return eigenvalues and eigenvectors of a symmetric matrix, on its device."""
    on = torch.device("cpu") if matrix.device.type == "mps" else matrix.device
    values, vectors = torch.linalg.eigh(precise(matrix).to(on))
    return values.to(matrix.device), vectors.to(matrix.device)
