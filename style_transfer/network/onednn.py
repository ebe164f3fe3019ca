"""oneDNN's kernels, with filters laid out for them once instead of at each call.

torch lays the filters of a convolution out anew at each call, and leaves matrix products to a
library that reaches half of what some CPUs can do; oneDNN comes with torch and does neither. The
operators called here are private: torch's compiler, inductor, uses them. Where a version of torch
lacks them or has changed them, torch's public functions take over.
"""

import logging
from functools import cache, cached_property

import torch
import torch.nn.functional as F
from torch import Tensor

from style_transfer.network.backend import Backend, Problem, through_relu

_ONE, _NONE = [1, 1], [0, 0]
_log = logging.getLogger(__name__)


class PackedFilters:
    """Filters (out, in, 3, 3) of one direction, laid out for `convolution`.

    The kernels want another layout for another size of image and another number of threads; given
    one that they do not want, they lay the filters out anew at each call, which can take a hundred
    times as long as the convolution. So there is a layout for each size in use, made by as many
    threads as torch takes.
    """

    _max_layouts = 3  # that are kept, each a copy of the filters: a run alternates up to so many

    def __init__(self, weight: Tensor) -> None:
        self._weight = weight
        # By size and number of threads. Replaced, never changed, since threads share it.
        self._layouts: dict[tuple[int, int, int], Tensor] = {}

    def packed_for(self, x: Tensor) -> Tensor:
        """Return the filters for `convolution` of x (1, in, H, W) by the present thread."""
        height, width = x.shape[2:]
        key = height, width, torch.get_num_threads()
        packed = self._layouts.get(key)
        if packed is None:
            packed = packed_filters(self._weight, (height, width))
            latest = [*self._layouts.items(), (key, packed)][-self._max_layouts :]
            self._layouts = dict(latest)
        return packed


class OneDNN(Backend):
    """torch's own kernels with packed filters; small images gain most.

    The gradient is the convolution with the filters rotated by 180 degrees.
    """

    name = "onednn"
    replaces = frozenset({"torch"})

    @classmethod
    def supports(cls, problem: Problem) -> bool:
        return problem.one_float32_image_on_cpu and problem.padding == 1 and available()

    def forward(self, x: Tensor, relu: bool) -> Tensor:
        y = convolution(x, self._forward_filters.packed_for(x), self._bias)
        return F.relu_(y) if relu else y

    def backward(self, gradient: Tensor, mask: Tensor | None, share: float = 1.0) -> Tensor:
        x = through_relu(gradient, mask, share)
        return convolution(x, self._backward_filters.packed_for(x), None)

    @cached_property
    def _forward_filters(self) -> PackedFilters:
        return PackedFilters(self._weight)

    @cached_property
    def _backward_filters(self) -> PackedFilters:
        return PackedFilters(self._weight.flip(2, 3).transpose(0, 1))


def available() -> bool:
    """Return whether torch comes with oneDNN and the private operators for float32."""
    return torch.backends.mkldnn.is_available() and hasattr(
        torch.ops.mkldnn, "_reorder_convolution_weight"
    )


def packed_filters(weight: Tensor, size: tuple[int, int]) -> Tensor:
    """Return filters (out, in, 3, 3), laid out for `convolution` of `size` (height, width)."""
    shape = [1, weight.shape[1], *size]
    packed: Tensor = torch.ops.mkldnn._reorder_convolution_weight(
        weight.contiguous(), _ONE, _ONE, _ONE, 1, shape
    )
    return packed


def convolution(x: Tensor, packed: Tensor, bias: Tensor | None) -> Tensor:
    """Return (1, out, H, W) for x (1, in, H, W), with zero padding of 1.

    The kernels could add a ReLU, but theirs turns NaNs into 0 and would hide them.
    """
    x = x.contiguous(memory_format=torch.channels_last)
    result: Tensor = torch.ops.mkldnn._convolution_pointwise.default(
        x, packed, bias, _ONE, _ONE, _ONE, 1, "none", [], ""
    )
    return result


def product_with_symmetric(rows: Tensor, matrix: Tensor, added: Tensor | None = None) -> Tensor:
    """Return rows (N, C) times a symmetric matrix (C, C), and (C,) `added` to each, if any.

    By oneDNN on CPUs that gain from it.
    """
    if rows.device.type == "cpu" and rows.dtype == torch.float32 and _multiplies_matrices():
        return _linear(rows, matrix, added)
    return rows @ matrix if added is None else torch.addmm(added, rows, matrix)


def _linear(rows: Tensor, matrix: Tensor, added: Tensor | None = None) -> Tensor:
    """Return rows (N, in) times the transpose of a matrix (out, in), and (out,) `added`, if any."""
    result: Tensor = torch.ops.mkldnn._linear_pointwise.default(rows, matrix, added, "none", [], "")
    return result


@cache
def _multiplies_matrices() -> bool:
    """Return whether torch's private operator for a matrix product is there and is understood."""
    if not torch.backends.mkldnn.is_available() or not hasattr(
        torch.ops.mkldnn, "_linear_pointwise"
    ):
        return False
    try:
        return bool(_linear(torch.ones(2, 3), torch.ones(3, 3)).sum() == 18)
    except Exception as error:  # whatever a changed private operator raises
        _log.warning("oneDNN's matrix product is off, torch's own takes over: %s", error)
        return False


def packed_int8_filters(weight: Tensor, unit: Tensor, side: int) -> Tensor:
    """Return filters (out, in, 3, 3) int8, laid out for `int8_convolution` of images this large."""
    shape = [1, weight.shape[1], side, side]
    packed: Tensor = torch.ops.onednn.qconv_prepack(
        weight, unit, 1.0, 0, _ONE, _NONE, _ONE, 1, shape
    )
    return packed


def int8_convolution(
    x: Tensor, packed: Tensor, x_unit: float, unit: Tensor, bias: Tensor | None = None
) -> Tensor:
    """Return (1, out, H, W) float32 for x (1, in, H + 2, W + 2) uint8.

    1 in x stands for `x_unit`, 1 in each filter for its `unit` (out,).
    """
    zero_points = torch.zeros(len(unit), dtype=torch.int32)
    filters = packed, unit, zero_points, bias
    shape = _ONE, _NONE, _ONE, 1  # stride, padding, dilation, groups
    output = 1.0, 0, torch.float32, "none", list[float](), ""  # scale, zero point, type, no ReLU
    result: Tensor = torch.ops.onednn.qconv2d_pointwise.default(
        x, x_unit, 0, *filters, *shape, *output
    )
    return result


@cache
def has_fast_int8() -> bool:
    """Return whether this CPU multiplies int8 matrices by AMX units, and oneDNN uses them."""
    amx = getattr(torch.cpu, "_is_amx_tile_supported", bool)()
    if not available() or not amx or not hasattr(torch.ops.onednn, "qconv2d_pointwise"):
        return False
    # Without these units, as where an environment variable tells oneDNN so, int16 sums overflow.
    ones, channels = torch.ones(1), 32
    weight = torch.full((1, channels, 3, 3), 127, dtype=torch.int8)
    x = torch.full((1, channels, 3, 3), 255, dtype=torch.uint8)
    found = int8_convolution(x, packed_int8_filters(weight, ones, 3), 1.0, ones)
    return found.item() == 255 * 127 * channels * 9
