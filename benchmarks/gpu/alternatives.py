"""Other ways to compute what takes most of a step, each timed alone at the shapes of layers."""

import argparse
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.gpu.common import median_milliseconds, tell
from style_transfer import devices

LAYERS = (  # channels in, channels out, and by how much smaller than the picture
    (64, 64, 1), (64, 128, 2), (128, 128, 2), (256, 256, 4), (512, 512, 8), (512, 512, 16),
)  # fmt: skip
BLOCKS, PAIRS = (4, 16, 64, 256), 12
RECORDED = 20  # calls that are recorded together, so that starting a recording hardly counts

Alternative = Callable[[], object]


@torch.no_grad()
def alternatives(options: argparse.Namespace) -> None:
    """Print the microseconds of each: of a layer, of its statistics, and of L-BFGS."""
    for side in options.sizes:
        for ins, outs, smaller in LAYERS:
            x = _features(ins, side // smaller, options.device)
            y = _features(outs, side // smaller, options.device)
            weight = torch.randn(outs, ins, 3, 3).to(x) / 30
            weight = weight.contiguous(memory_format=torch.channels_last)
            row = {"side": side, "in": ins, "out": outs}
            _tell(row, _of_convolution(x, weight, torch.randn(outs).to(x)), options)
            _tell(row, _of_statistics(y) | _of_gradient(y), options)
        _tell({"side": side}, _of_lbfgs(3 * side**2, options.device), options)


def _of_convolution(x: Tensor, weight: Tensor, bias: Tensor) -> dict[str, Alternative]:
    y = F.conv2d(x, weight, bias, padding=1)
    found: dict[str, Alternative] = {
        "convolution": lambda: F.conv2d(x, weight, padding=1),
        "convolution, bias": lambda: F.conv2d(x, weight, bias, padding=1),
        "convolution, bias, ReLU": lambda: F.conv2d(x, weight, bias, padding=1).relu_(),
        "gradient of ReLU": lambda: torch.ops.aten.threshold_backward(x, x, 0),
        "maxima": lambda: F.max_pool2d(y, 2),
    }
    if x.device.type == "cuda":
        ones = (1, 1)
        found["convolution, bias, ReLU in one"] = lambda: torch.cudnn_convolution_relu(
            x, weight, bias, ones, ones, ones, 1
        )
    return found


def _of_statistics(y: Tensor) -> dict[str, Alternative]:
    features, flat = y.squeeze(0), y.flatten(2).squeeze(0)  # (C, h, w), (C, N)
    rows, even = flat.T, flat.new_full((1, flat.shape[1]), 1 / flat.shape[1])
    found: dict[str, Alternative] = {
        "means": lambda: flat.mean(1),
        "means of rows, then of columns": lambda: features.mean(1).mean(1),
        "means as a product": lambda: even @ rows,
        "products": lambda: flat @ flat.T,
    }
    for count in BLOCKS:
        if len(rows) % count == 0:
            blocks = rows.view(count, -1, rows.shape[1])
            found[f"products in {count} blocks"] = lambda b=blocks: (b.mT @ b).sum(0)
    return found


def _of_gradient(y: Tensor) -> dict[str, Alternative]:
    rows, gradient = y.flatten(2).squeeze(0).T, torch.zeros_like(y.flatten(2).squeeze(0).T)
    matrix = torch.zeros(2 * rows.shape[1:]).to(rows)
    return {
        "gradient of statistics": lambda: torch.addmm(matrix[0], rows, matrix),
        "gradient of statistics, added": lambda: gradient.add_(
            torch.addmm(matrix[0], rows, matrix)
        ),
        "gradient of statistics, added in place": lambda: gradient.addmm_(rows, matrix),
    }


def _of_lbfgs(numbers: int, device: str) -> dict[str, Alternative]:
    s, y = (torch.randn(PAIRS, numbers).to(device) for _ in range(2))
    images, vector = [each.clone() for each in s], s[0].clone()
    found: dict[str, Alternative] = {
        "pairs in one tensor": lambda: torch.stack(images),
        "pairs by a vector": lambda: s @ vector,
        "pairs by pairs": lambda: s @ y.T,
    }
    for count in BLOCKS:
        if numbers % count == 0:
            a, b = (each.view(PAIRS, count, -1).transpose(0, 1) for each in (s, y))
            found[f"pairs by pairs in {count} blocks"] = lambda a=a, b=b: (a @ b.mT).sum(0)
    return found


def _features(channels: int, side: int, device: str) -> Tensor:
    made = torch.rand(1, channels, side, side).to(device)
    return made.contiguous(memory_format=torch.channels_last)


def _tell(
    row: dict[str, object], alternatives: dict[str, Alternative], options: argparse.Namespace
) -> None:
    for name, compute in alternatives.items():
        try:
            microseconds = 1000 * _milliseconds(compute, options)
        except RuntimeError as error:  # what this device or version of torch cannot do
            tell(row | {"alternative": name, "failed": str(error)[:200]})
        else:
            tell(row | {"alternative": name, "us": round(microseconds, 1)})


def _milliseconds(compute: Alternative, options: argparse.Namespace) -> float:
    """Return the time of a call, by a recording where the device makes them."""
    compute()  # which loads what it needs

    def calls() -> None:
        for _ in range(RECORDED):
            compute()

    if (recorder := devices.recorder(options.device)) is None:
        return median_milliseconds(compute, options)
    return median_milliseconds(recorder(calls)[0], options) / RECORDED
