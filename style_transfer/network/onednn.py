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
_ONE, _NONE = [1, 1], [0, 0]


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


def packed_bytes(weight: Tensor, unit: Tensor, side: int) -> Tensor:
    """Return filters (out, in, 3, 3) int8, laid out for `convolve_bytes` at pictures this large."""
    shape = [1, weight.shape[1], side, side]
    packed: Tensor = torch.ops.onednn.qconv_prepack(
        weight, unit, 1.0, 0, _ONE, _NONE, _ONE, 1, shape
    )
    return packed


def convolve_bytes(
    x: Tensor, packed: Tensor, x_unit: float, unit: Tensor, bias: Tensor | None = None
) -> Tensor:
    """Return (1, out, H, W) float32 for x (1, in, H + 2, W + 2) uint8.

    A byte of x is worth `x_unit`, one of each filter its `unit` (out,).
    """
    zeros = torch.zeros(len(unit), dtype=torch.int32)
    filters = packed, unit, zeros, bias
    shape = _ONE, _NONE, _ONE, 1  # stride, padding, dilation, groups
    form = 1.0, 0, torch.float32, "none", list[float](), ""  # of the result
    result: Tensor = torch.ops.onednn.qconv2d_pointwise.default(
        x, x_unit, 0, *filters, *shape, *form
    )
    return result


def _multiplies_bytes() -> bool:
    """Return whether bytes are multiplied by units of their own, many times faster than floats."""
    amx = getattr(torch.cpu, "_is_amx_tile_supported", bool)()
    if not AVAILABLE or not amx or not hasattr(torch.ops.onednn, "qconv2d_pointwise"):
        return False
    # Without these units, as where the environment tells oneDNN to do without, sums overflow.
    ones, channels = torch.ones(1), 32
    weight = torch.full((1, channels, 3, 3), 127, dtype=torch.int8)
    x = torch.full((1, channels, 3, 3), 255, dtype=torch.uint8)
    found = convolve_bytes(x, packed_bytes(weight, ones, 3), 1.0, ones)
    return found.item() == 255 * 127 * channels * 9


MULTIPLIES_BYTES = _multiplies_bytes()
