"""The trace of the root of a product of two matrices, which optimal transport needs, and its slope.

tr (B^1/2 A B^1/2)^1/2 is computed in the principal axes V of B, whose standard deviations along
them are d: there the matrix is D V^T A V D. Its entries are graded as its eigenvalues are, so that
the products with V may be of float32. The root itself needs float64: eigenvalues span more than the
precision of float32, whose rounding would change the gradient by up to 8 %.

An eigendecomposition is slow on GPUs. There the root comes from matrix products alone; on those
that lack float64 the matrices, which are small, go to the CPU.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from style_transfer.devices import CPU, is_recording, precise, returned, side_by_side
from style_transfer.network import ThreadPool

Axes = tuple[Tensor, ...]  # trace, axes, deviations ..., see `principal_axes`

# Of the product of both traces: smaller eigenvalues are rounding, and the gradient does not divide
# by their roots.
_MIN_EIGENVALUE = 1e-10
# Of the target's trace: features that are all 0 have a gradient of 0, not an infinite one.
_MIN_TRACE = 1e-4

_FLOOR, _ITERATIONS = 1e-11, 19  # added to eigenvalues of at most 1; until the floor has converged
_MAX_RESIDUAL = 1e-2  # of a product that is to be the identity
_ROUNDING = 1  # of the precision, added to A's eigenvalues: what it left below 0 would diverge

_SIZES = (128, 256, 512)  # to which matrices are filled up, to be computed together

METHODS = ("eigh", "newton-schulz")
_threads = ThreadPool()


def principal_axes(matrix: Tensor) -> Axes:
    """Return a positive semi-definite matrix B (C, C) as a target of `root_traces`.

    That is its trace, 0-d in the matrix's type; its eigenvectors, in the columns of (C, R) and in
    that type; and the roots of its eigenvalues, (R,) of float64, sorted from the largest. The R
    axes are those with more than rounding along them, one at least. Where `fastest_method` is
    "newton-schulz" there follows what that needs, see `_graded_axes`. All but the trace are where
    `precise` puts the matrix.
    """
    values, vectors = torch.linalg.eigh(precise(matrix))
    values, vectors = values.flip(0).clamp_min(0), vectors.flip(1)
    rounding = torch.finfo(matrix.dtype).eps * values.sum()
    count = max(1, int((values > rounding).sum()))
    axes, deviations = vectors[:, :count].to(matrix.dtype).contiguous(), values[:count].sqrt()
    found = returned(deviations.square().sum(), matrix), axes, deviations
    if fastest_method(axes.device.type) == "eigh":
        return found
    return *found, *_graded_axes(axes, deviations)


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
    method = method or fastest_method(targets[0][1].device.type)
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
        near = [matrix.to(axes[1].device) for matrix, axes in zip(matrices, targets, strict=True)]
        found = compute(near, targets)
        traces, slopes = zip(
            *([each.to(matrices[0].device) for each in pair] for pair in found), strict=True
        )
        ctx.save_for_backward(*slopes)
        return tuple(traces)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        pairs = zip(gradients, ctx.saved_tensors, strict=True)
        return None, None, *(gradient * slope for gradient, slope in pairs)


def _side_by_side(
    matrices: Sequence[Tensor], targets: Sequence[Axes]
) -> list[tuple[Tensor, Tensor]]:
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


def _root_trace(matrix: Tensor, axes: Tensor, deviations: Tensor) -> tuple[Tensor, Tensor]:
    """Return the trace, 0-d, and its gradient (C, C), which is half the linear transport map."""
    graded = precise(axes.T @ matrix @ axes) * deviations * deviations.unsqueeze(1)
    if not graded.isfinite().all():  # `eigh` would raise
        return matrix.new_tensor(torch.nan), torch.full_like(matrix, torch.nan)
    values, vectors = torch.linalg.eigh((graded + graded.T) / 2)
    wanted = deviations.square().sum()
    trace = matrix.diagonal().sum().to(wanted).clamp_min(_MIN_TRACE * wanted)
    least = (_MIN_EIGENVALUE * wanted * trace).clamp_min(torch.finfo(wanted.dtype).tiny)
    turned = deviations.unsqueeze(1) * vectors / values.clamp_min(least) ** 0.25
    basis = axes @ turned.to(matrix)
    return values.clamp_min(0).sqrt().sum().to(matrix), basis @ (0.5 * basis).T


def _graded_axes(axes: Tensor, deviations: Tensor) -> Axes:
    """Return trace, 0-d, basis (C, size) and shares (size,) of a target, in float64.

    The columns of the basis are the axes times the shares that their deviations have in the root of
    the trace. They are filled up with zeros to a usual `size`, so that targets can be computed
    together.
    """
    count = axes.shape[1]
    size = next((each for each in _SIZES if each >= count), count)
    trace = deviations.square().sum().clamp_min(torch.finfo(torch.float32).tiny)
    shares = F.pad(deviations / trace.sqrt(), (0, size - count))
    return trace, F.pad(axes, (0, size - count)).to(shares) * shares, shares


def _by_products(
    matrices: Sequence[Tensor], targets: Sequence[Axes]
) -> list[tuple[Tensor, Tensor]]:
    """Return the `_root_trace` of each matrix, from matrix products where these converge.

    While the call is recorded, nothing can be done about those that do not: their traces are NaN.
    """
    graded = [each[3:] or _graded_axes(*each[1:3]) for each in targets]
    shapes = dict[torch.Size, list[int]]()
    for index, (_, basis, _) in enumerate(graded):
        shapes.setdefault(basis.shape, []).append(index)
    problems = [
        _Problems.of([matrices[n] for n in each], [graded[n] for n in each])
        for each in shapes.values()
    ]
    sizes = dict[int, list[_Problems]]()
    for problem in problems:
        sizes.setdefault(problem.matrices.shape[-1], []).append(problem)
    calls = [
        partial(newton_schulz, torch.cat([each.matrices for each in group]))
        for group in sizes.values()
    ]
    found = dict[int, tuple[Tensor, Tensor, Tensor]]()
    together = side_by_side(matrices[0].device, calls)
    for group, (roots, residuals) in zip(sizes.values(), together, strict=True):
        counts = [len(each.matrices) for each in group]
        parts = zip(group, roots.split(counts), residuals.split(counts), strict=True)
        for problem, root, residual in parts:
            indices = shapes[problem.basis.shape[1:]]
            found |= zip(
                indices, zip(*problem.root_traces(root), residual, strict=True), strict=True
            )
    traces, slopes, errors = zip(*(found[n] for n in range(len(matrices))), strict=True)
    converged = torch.stack(errors) < _MAX_RESIDUAL
    if is_recording(matrices[0].device):
        known = torch.stack(traces).where(converged, torch.nan).unbind()
        return list(zip(known, slopes, strict=True))
    return [
        (trace, slope) if good else _root_trace(matrix, *axes[1:3])
        for trace, slope, good, matrix, axes in zip(
            traces, slopes, converged.tolist(), matrices, targets, strict=True
        )
    ]


@dataclass(frozen=True)
class _Problems:
    """Normalised matrices B^1/2 A B^1/2 in the axes of their B, n of the same shape.

    In float64, since smaller eigenvalues than float32 tells apart make up a tenth of the gradient;
    there is no TF32 of it either. Rows and columns beyond the axes are those of the identity.
    """

    matrices: Tensor  # (n, size, size), of a trace of at most 1 beside the floor and the identity
    counted: Tensor  # (n, size, size), the same with half the floor and without the identity
    basis: Tensor  # (n, C, size), see `_graded_axes`
    wanted: Tensor  # (n,), the traces of B
    traces: Tensor  # (n,), of A
    like: Tensor

    @classmethod
    def of(cls, matrices: Sequence[Tensor], graded: Sequence[Axes]) -> "_Problems":
        given = torch.stack(list(matrices))
        wanted, basis, shares = map(torch.stack, zip(*graded, strict=True))
        traces = given.diagonal(dim1=1, dim2=2).sum(1).to(wanted)
        traces = torch.maximum(traces, _MIN_TRACE * wanted)
        products = basis.mT @ (given.to(basis) / traces.view(-1, 1, 1)) @ basis
        products = (products + products.mT) / 2
        # Half of what is added counts, which leaves the trace as it is, to first order.
        floor = _ROUNDING * torch.finfo(given.dtype).eps * shares.square() + _FLOOR
        present = shares > 0
        added, half = floor.where(present, 1.0), (floor / 2).where(present, 0.0)
        matrices_, counted = products + added.diag_embed(), products + half.diag_embed()
        return cls(matrices_, counted, basis, wanted, traces, given)

    def root_traces(self, inverse_roots: Tensor) -> tuple[Tensor, Tensor]:
        """Return traces (n,) and slopes (n, C, C), see `_root_trace`."""
        traces = (self.counted * inverse_roots).sum((1, 2)) * (self.wanted * self.traces).sqrt()
        slopes = self.basis @ inverse_roots @ self.basis.mT
        scale = 0.5 * (self.wanted / self.traces).sqrt()
        return traces.to(self.like), (slopes * scale.view(-1, 1, 1)).to(self.like)


def newton_schulz(matrices: Tensor) -> tuple[Tensor, Tensor]:
    """Return the inverse roots of symmetric matrices (n, R, R), and how far they are from it, (n,).

    The eigenvalues are to be from _FLOOR to 1. Higham 2008, "Functions of Matrices",
    eq. 6.35, scaled at each iteration as far as convergence allows: Chen and Chow 2014, "A Stable
    Scaling of Newton-Schulz for Improving the Sign Function Computation of a Hermitian Matrix".
    """
    identity = torch.eye(matrices.shape[-1], dtype=matrices.dtype, device=matrices.device)
    root, inverse_root, least = matrices, identity.expand_as(matrices), _FLOOR**0.5
    for _ in range(_ITERATIONS):
        scale = (3 / (1 + least + least**2)) ** 0.5
        step = torch.baddbmm(identity, inverse_root, root, beta=1.5 * scale, alpha=-0.5 * scale**3)
        root, inverse_root = root @ step, step @ inverse_root
        least *= scale * (3 - (scale * least) ** 2) / 2
    return inverse_root, (inverse_root @ root - identity).flatten(1).norm(dim=1)
