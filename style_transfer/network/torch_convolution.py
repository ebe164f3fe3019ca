"""torch's own convolution: for every problem, and what remains when other backends fail."""

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.grad import conv2d_input

from style_transfer.network.backend import Backend, Problem, through_relu


class TorchConvolution(Backend):
    """torch's own convolution, on any device, of any type and for batches."""

    name = "torch"

    @classmethod
    def supports(cls, problem: Problem) -> bool:
        return True

    def forward(self, x: Tensor, relu: bool) -> Tensor:
        """Return the convolution, differentiable by autograd, which `Backend` does not ask for."""
        # Channels last, as torch's kernels like it best on CPUs with AVX2 and on recent GPUs.
        x = x.contiguous(memory_format=torch.channels_last)
        y = F.conv2d(x, self._weight, self._bias, padding=self._padding)
        return F.relu_(y) if relu else y

    def backward(self, gradient: Tensor, mask: Tensor | None, share: float = 1.0) -> Tensor:
        gradient = through_relu(gradient, mask, share)
        height, width = (side + 2 * (1 - self._padding) for side in gradient.shape[2:])
        shape = gradient.shape[0], self._weight.shape[1], height, width
        return conv2d_input(shape, self._weight, gradient, padding=self._padding)
