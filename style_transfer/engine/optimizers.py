"""Optimisers: functions of image, gradient and memory that return the next image and memory.

An optimiser is a value without state. Its memory is a tuple of tensors that are never written to,
so that a run's state can be stored, compared and saved at any step without a copy. A new optimiser
is a class and an entry of `OPTIMIZERS`.
"""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from style_transfer.engine.lbfgs import LBFGS, Memory


class Optimizer(Protocol):
    """Makes steps. `image` and `gradient` are (1, 3, H, W)."""

    def step(self, image: Tensor, gradient: Tensor, memory: Memory) -> tuple[Tensor, Memory]:
        """Return the next image, not clamped, and the memory for the step after it."""

    def owns(self, memory: Memory) -> bool:
        """Return whether a memory has the form of this optimiser's; empty ones have any."""

    def masked(self, memory: Memory, area: Tensor) -> Memory:
        """Return the memory where the image was changed by hand, in an area (1, 1, H, W) in [0, 1].

        What it knows of places in the area is gone, what it knows of all others stays.
        """

    def within(self, share: float) -> "Optimizer":
        """Return the optimiser for an image of which only a share is painted."""


@dataclass(frozen=True)
class Adam:
    """Adam: steps of nearly constant length, independent of the scale of the gradient.

    Kingma and Ba 2015. Its memory is the running means of gradient and squared gradient, and the
    number of steps.
    """

    rate: float = 8 / 255  # per step and pixel
    decay: tuple[float, float] = (0.9, 0.99)

    def step(self, image: Tensor, gradient: Tensor, memory: Memory) -> tuple[Tensor, Memory]:
        zero = torch.zeros_like(gradient)
        mean, square, count = memory or (zero, zero, torch.zeros(()))
        first, second = self.decay
        mean = torch.lerp(gradient, mean, first)
        square = torch.lerp(gradient.square(), square, second)
        count = count + 1
        unbiased = mean / (1 - first ** count.item())
        # In place of the paper's epsilon, for gradients whose squares underflow to 0.
        smallest = torch.finfo(image.dtype).tiny ** 0.5
        scale = (square / (1 - second ** count.item())).sqrt() + smallest
        return image - self.rate * unbiased / scale, (mean, square, count)

    def owns(self, memory: Memory) -> bool:
        return not memory or (len(memory) == 3 and memory[2].dim() == 0)

    def masked(self, memory: Memory, area: Tensor) -> Memory:
        if not memory:
            return memory
        mean, square, count = memory
        return mean * (1 - area), square * (1 - area), count  # their ratio stays that of a step

    def within(self, share: float) -> "Adam":
        return self  # its steps are as long in each pixel


OPTIMIZERS: dict[str, Optimizer] = {"lbfgs": LBFGS(), "adam": Adam()}
