"""cuDNN's convolution that adds the bias and applies ReLU itself, on NVIDIA's GPUs."""

from typing import ClassVar

import torch
from torch import Tensor

from style_transfer.network.aten import convolution_relu
from style_transfer.network.backend import Problem
from style_transfer.network.torch_convolution import TorchConvolution


class Cudnn(TorchConvolution):
    """As torch's own, which calls cuDNN too but makes bias and ReLU kernels of their own.

    These take as long as the convolution itself where there are few channels. Unlike oneDNN's, its
    ReLU leaves NaNs as they are.
    """

    name = "cudnn"
    replaces: ClassVar[frozenset[str]] = frozenset({TorchConvolution.name})

    @classmethod
    def supports(cls, problem: Problem) -> bool:
        # ROCm's devices are called "cuda" too, and have MIOpen instead.
        return (
            problem.device == "cuda"
            and problem.dtype == torch.float32
            and torch.version.hip is None
            and torch.backends.cudnn.is_available()
        )

    def forward(self, x: Tensor, relu: bool) -> Tensor:
        if not relu:
            return super().forward(x, relu)
        x = x.contiguous(memory_format=torch.channels_last)
        return convolution_relu(x, self._weight, self._bias, self._padding)
