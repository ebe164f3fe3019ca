"""cuDNN's convolution that adds the bias and applies ReLU itself, on NVIDIA's GPUs."""

from typing import ClassVar

import torch
from torch import Tensor

from style_transfer.devices import is_recording
from style_transfer.network.aten import convolution_relu
from style_transfer.network.backend import Problem
from style_transfer.network.thread_pool import ThreadPool
from style_transfer.network.torch_convolution import TorchConvolution

_TOLERANCE = 1e-2  # of the largest value; TF32 differs from float32 by 1e-3


class Cudnn(TorchConvolution):
    """As torch's own, which calls cuDNN too but makes bias and ReLU kernels of their own.

    These take as long as the convolution itself where there are few channels. Unlike oneDNN's, its
    ReLU leaves NaNs as they are.

    The operator is none of torch's public interface, and tells cuDNN to add 0 times the memory that
    the result is to have. So at each size it is compared with torch's own first.
    """

    name = "cudnn"
    replaces: ClassVar[frozenset[str]] = frozenset({TorchConvolution.name})

    def __init__(self, weight: Tensor, bias: Tensor, padding: int, threads: ThreadPool) -> None:
        super().__init__(weight, bias, padding, threads)
        self._proved = set[torch.Size]()  # sizes of inputs

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
        """Return the convolution. Raises RuntimeError where it differs from torch's own."""
        # Of these the operator takes no notice.
        chosen = torch.backends.cudnn.enabled and not torch.backends.cudnn.deterministic
        if not (relu and chosen):
            return super().forward(x, relu)
        if x.shape not in self._proved:
            return self._compared(x)
        return self._fused(x)

    def _fused(self, x: Tensor) -> Tensor:
        x = x.contiguous(memory_format=torch.channels_last)
        return convolution_relu(x, self._weight, self._bias, self._padding)

    def _compared(self, x: Tensor) -> Tensor:
        """Return what torch's own gives, and find out about cuDNN's where that is possible."""
        own = super().forward(x, True)
        if is_recording(x.device) or not (largest := own.max()).isfinite():
            return own
        torch.full_like(own, torch.nan)  # freed at once: the next result of this size lies there
        # In place, since memory may be short.
        if not self._fused(x).sub_(own).abs_().max() <= _TOLERANCE * largest:
            raise RuntimeError("Bias and ReLU by cuDNN differ from torch's.")
        self._proved.add(x.shape)
        return own
