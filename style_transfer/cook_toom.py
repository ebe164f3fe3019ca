"""Transforms that make m outputs of a 3-tap convolution from m + 2 products, where 3 m are usual.

Inputs and filters are polynomials, evaluated at m + 2 points and multiplied there; the outputs are
interpolated. Toom 1963, Cook 1966, Winograd 1980; for pictures Lavin and Gray, "Fast Algorithms for
Convolutional Neural Networks", 2015 (arXiv:1509.09308).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

POINTS = {  # finite ones by m; infinity is the last. Direct convolution has an error of 3e-7.
    4: (0.0, 1.5, -1.5, 2 / 3, -2 / 3),  # error 6e-7, half that of the usual 0, 1, -1, 2, -2
    6: (0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5),  # error 3e-6
}


@dataclass(frozen=True)
class Transform:
    """The three matrices in one direction; n = m + 2."""

    filters: Tensor  # (n, 3) float64
    inputs: Tensor  # (n, n)
    outputs: Tensor  # (m, n)

    @property
    def tile(self) -> int:
        """The number m of outputs."""
        return self.outputs.shape[0]


def transforms(m: int) -> tuple[Transform, Transform]:
    """Return the transforms for a filter, and for the filter reversed, m being 4 or 6.

    The points are closed under inversion, so that a reversed filter has the same values in another
    order and scale: one set of transformed filters serves forward and backward.
    """
    points, n = POINTS[m], m + 2
    filters, inputs, outputs = (torch.zeros(n, k, dtype=torch.float64) for k in (3, n, m))
    for i, p in enumerate(points):
        others = [q for q in points if q != p]
        filters[i] = torch.tensor([p**k for k in range(3)]) / math.prod(p - q for q in others)
        inputs[i, :-1] = _polynomial(others)
        outputs[i] = torch.tensor([p**k for k in range(m)])
    filters[-1, -1] = outputs[-1, -1] = 1
    inputs[-1] = _polynomial(points)
    norms = [matrix.norm(dim=1, keepdim=True) for matrix in (filters, inputs, outputs)]
    mean = math.prod(norms) ** (1 / 3)  # equal row norms keep the rounding errors small
    filters, inputs, outputs = (
        matrix * mean / norm for matrix, norm in zip((filters, inputs, outputs), norms, strict=True)
    )

    nodes = (*points, math.inf)
    order = [nodes.index(1 / p if p else math.inf) for p in nodes]
    scale = (filters.flip(1) * filters[order]).sum(1) / filters[order].square().sum(1)
    return (
        Transform(filters, inputs.float(), outputs.T.float()),
        Transform(filters, inputs[order].float(), (outputs * scale[:, None])[order].T.float()),
    )


def _polynomial(roots: Sequence[float]) -> Tensor:
    """Coefficients of the product of (x - root), lowest first."""
    coefficients = torch.ones(1, dtype=torch.float64)
    for root in roots:
        coefficients = F.pad(coefficients, (1, 0)) - root * F.pad(coefficients, (0, 1))
    return coefficients
