"""oneDNN's kernels, with what stays the same laid out for them once.

torch lays the filters of a convolution out anew at each call, and leaves matrix products to a
library that uses half of what some CPUs can do; oneDNN comes with torch and does neither. Its doors
are those that torch's compiler uses. For float32 on the CPU; see `serves`.
"""

import torch
from torch import Tensor

AVAILABLE = torch.backends.mkldnn.is_available() and hasattr(
    torch.ops.mkldnn, "_reorder_linear_weight"
)
_ONE = [1, 1]


def serves(tensor: Tensor) -> bool:
    """Return whether the kernels take a tensor of this type and place."""
    return AVAILABLE and tensor.device.type == "cpu" and tensor.dtype == torch.float32


def packed_filters(weight: Tensor) -> Tensor:
    """Return filters (out, in, 3, 3), laid out for `convolution`."""
    packed: Tensor = torch.ops.mkldnn._reorder_convolution_weight(
        weight.contiguous(), _ONE, _ONE, _ONE
    )
    return packed


def convolution(x: Tensor, packed: Tensor, bias: Tensor | None) -> Tensor:
    """Return (1, out, H, W) for x (1, in, H, W), with zeros around it.

    The kernels could add a ReLU, but theirs turns what is no number into 0 and hides it.
    """
    x = x.contiguous(memory_format=torch.channels_last)
    result: Tensor = torch.ops.mkldnn._convolution_pointwise.default(
        x, packed, bias, _ONE, _ONE, _ONE, 1, "none", [], ""
    )
    return result


def packed_matrix(matrix: Tensor, rows: int) -> Tensor:
    """Return a matrix (in, out), laid out to be multiplied with about so many rows."""
    packed: Tensor = torch.ops.mkldnn._reorder_linear_weight(matrix.T.contiguous(), rows)
    return packed


def product(rows: Tensor, packed: Tensor) -> Tensor:
    """Return rows (N, in) times a packed matrix, or a symmetric one as it is, (N, out)."""
    result: Tensor = torch.ops.mkldnn._linear_pointwise.default(rows, packed, None, "none", [], "")
    return result
