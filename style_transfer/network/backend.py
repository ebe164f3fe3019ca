"""Backend: one way to compute a frozen 3x3 convolution and the gradient of its input.

Backends differ in speed from machine to machine, and in rounding. `supports` alone says which
problems a backend is for; which of those that support a problem is used is measured, see
`autotune`. To add one, write its class in a file of its own and list it in `backends.BACKENDS`.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from torch import Tensor

from style_transfer.network.aten import pooling_backward, relu_backward
from style_transfer.network.thread_pool import ThreadPool


@dataclass(frozen=True)
class Problem:
    """What tells whether a backend can compute a convolution, and how fast; all but its size."""

    in_channels: int
    out_channels: int
    padding: int = 1  # rows of zeros around the input: 1, or 0 where it comes padded
    backward: bool = False  # the gradient of the input
    dtype: torch.dtype = torch.float32
    device: str = "cpu"  # its type, as in torch.device
    batch: int = 1
    approximate: bool = False  # forward: errors of 1e-4 of the largest value are allowed

    @property
    def gradient(self) -> "Problem":
        """The gradient of this convolution's input."""
        return replace(self, backward=True, approximate=False)

    @property
    def exact(self) -> "Problem":
        """The same, with rounding errors alone allowed."""
        return replace(self, approximate=False) if self.approximate else self

    @property
    def one_float32_image_on_cpu(self) -> bool:
        """Whether this is what all CPU kernels of this package are made for."""
        return self.device == "cpu" and self.dtype == torch.float32 and self.batch == 1


class Backend(ABC):
    """Computes one layer's convolution. Filters are prepared at the first call that needs them."""

    name: ClassVar[str]  # in timing caches and saved runs
    exact: ClassVar[bool] = True  # forward, up to float32 rounding
    # Backends that need not be measured where this one supports the problem: never faster.
    replaces: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, weight: Tensor, bias: Tensor, padding: int, threads: ThreadPool) -> None:
        """Take weight (out, in, 3, 3), bias (out,) and the rows of zeros around the input."""
        self._weight, self._bias, self._padding, self._threads = weight, bias, padding, threads

    @classmethod
    @abstractmethod
    def supports(cls, problem: Problem) -> bool:
        """Return whether this backend computes `problem` on this machine and can be the fastest."""

    @staticmethod
    def work_units(height: int, width: int) -> int:
        """Return what the time for an input of this size is proportional to."""
        return height * width

    @abstractmethod
    def forward(self, x: Tensor, relu: bool) -> Tensor:
        """Return (1, out, H, W) for x (1, in, H, W), clamped at 0 with `relu`."""

    @abstractmethod
    def backward(self, gradient: Tensor, mask: Tensor | None, share: float = 1.0) -> Tensor:
        """Return the gradient of x for the gradient of the result.

        The latter counts where the mask (1, out, H, W), the result after its ReLU, is above 0. A
        gradient smaller than the mask is that of the pooled result: each of the 2 x 2 positions
        has a `share` of it, see `pooling.SHARES`.
        """


def through_relu(gradient: Tensor, mask: Tensor | None, share: float) -> Tensor:
    """Return the gradient before ReLU and pooling, see `Backend.backward`."""
    if mask is None:
        return gradient
    return relu_backward(through_pooling(gradient, mask, share), mask)


def through_pooling(gradient: Tensor, mask: Tensor | None, share: float) -> Tensor:
    """Return the gradient at the size of the mask, if that of a pooled result is given."""
    if mask is None or mask.shape == gradient.shape:
        return gradient
    return pooling_backward(gradient, mask, share)


def channels_last(x: Tensor) -> Tensor:
    """Return (H, W, C) for x (1, C, H, W), a view."""
    return x.detach()[0].permute(1, 2, 0)
