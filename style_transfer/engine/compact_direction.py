"""The direction of L-BFGS by products with matrices alone, for devices that work off calls later.

Byrd, Nocedal and Schnabel 1994, "Representations of Quasi-Newton Matrices and Their Use in Limited
Memory Methods".
"""

from collections.abc import Callable

import torch
from torch import Tensor

_BLOCKS = 256  # in which the pairs are multiplied by each other


def compact_direction(
    gradient: Tensor,
    s: Tensor,
    y: Tensor,
    precondition: Callable[[Tensor], Tensor],
) -> tuple[Tensor, Tensor]:
    """Return minus the inverse Hessian times the gradient, and whether there is any pair, 0-d.

    The pairs are the rows of s and y, (m, n), oldest first. It is the two-loop recursion with each
    loop as the solution of a triangular system, so that a few products with matrices do in place of
    4 m with vectors.
    """
    flat = gradient.flatten()
    products = _products(s, y).double()
    curvatures = products.diagonal()
    present = curvatures > 0
    triangle = products.triu() + (~present).double().diag()

    def solved(matrix: Tensor, vector: Tensor, upper: bool) -> Tensor:
        return torch.linalg.solve_triangular(matrix, vector.unsqueeze(1), upper=upper).squeeze(1)

    first = solved(triangle, (s @ flat).double(), True)
    rest = (flat - first.to(flat) @ y).view_as(gradient)
    places = torch.arange(len(s), device=s.device)
    newest = (places * present).argmax()  # the first row where none is present
    last = y.index_select(0, newest.unsqueeze(0)).view_as(gradient)
    bent = torch.dot(last.flatten(), precondition(last).flatten())
    scale = (curvatures.index_select(0, newest.unsqueeze(0)).squeeze(0) / bent).where(
        present.any(), 1.0
    )
    result = precondition(rest) * scale.to(rest)
    wanted = curvatures * first - (y @ result.flatten()).double()
    second = solved(triangle.T, wanted.where(present, 0.0), False)
    return -(result + (second.to(flat) @ s).view_as(gradient)), present.any()


def _products(s: Tensor, y: Tensor) -> Tensor:
    """Return the products of the rows of s and y (m, n), (m, m).

    In blocks of their columns, since a GPU computes few long products of two vectors slowly.
    """
    length = s.shape[1] // _BLOCKS
    whole = _BLOCKS * length
    left, right = (
        each[:, :whole].unflatten(1, (_BLOCKS, length)).transpose(0, 1) for each in (s, y)
    )
    found = (left @ right.mT).sum(0)
    return found if whole == s.shape[1] else found + s[:, whole:] @ y[:, whole:].T
