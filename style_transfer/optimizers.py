"""Ways to step an image downhill: each takes image, gradient and memory, and returns new ones.

An optimiser is a value without state. Its memory is a tuple of tensors that are never written to,
so that a run's state can be kept, compared and saved at any step without a copy.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import torch
from torch import Tensor

LARGEST = 32  # px; structures above it are all moved alike
Memory = tuple[Tensor, ...]  # empty at first, and whenever the objective is another one


class Optimizer(Protocol):
    """Makes one step; `image` and `gradient` are (1, 3, H, W)."""

    def step(self, image: Tensor, gradient: Tensor, memory: Memory) -> tuple[Tensor, Memory]:
        """Return the next image and the memory for the step after it."""


@dataclass(frozen=True)
class LBFGS:
    """Limited-memory BFGS without a line search: one evaluation for each step.

    Nocedal 1980, "Updating Quasi-Newton Matrices with Limited Storage". Its memory holds the last
    image and gradient, then up to `history` pairs of change of image and change of gradient.

    Differs from the textbook because its first guess of the inverse Hessian is not the identity: it
    falls off as 1 / frequency, as that of these losses does. Coarse structure then moves at once
    with the fine, which saves a quarter of the steps. `smoothing=False` is the textbook's.
    """

    history: int = 12
    first_step: float = 2 / 255  # root mean square; a gradient alone has no scale of its own
    longest_step: float = 32 / 255  # root mean square; beyond it the quadratic model is a guess
    smoothing: bool = True

    def step(self, image: Tensor, gradient: Tensor, memory: Memory) -> tuple[Tensor, Memory]:
        pairs = self._pairs(image, gradient, memory)
        direction = -_inverse_hessian_times(gradient, pairs, _smooth if self.smoothing else _same)
        size = direction.square().mean().sqrt()
        limit = self.longest_step if pairs else self.first_step
        if not pairs or size > limit:
            direction = direction * (limit / size) if size > 0 else direction
        flat = [tensor for pair in pairs for tensor in pair]
        return image + direction, (image, gradient, *flat)

    def _pairs(
        self, image: Tensor, gradient: Tensor, memory: Memory
    ) -> list[tuple[Tensor, Tensor]]:
        if not memory:
            return []
        last_image, last_gradient, *flat = memory
        pairs = list(zip(flat[::2], flat[1::2], strict=True))
        s, y = image - last_image, gradient - last_gradient
        if _dot(s, y) > 1e-10 * _dot(y, y):  # otherwise the curvature is no guide, as in torch
            pairs = [*pairs, (s, y)][-self.history :]
        return pairs


@dataclass(frozen=True)
class Adam:
    """Adam: steps of nearly constant length, indifferent to the scale of the gradient.

    Kingma and Ba 2015. Its memory holds the averages of gradient and squared gradient, and the
    number of steps they are made of.
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
        # Gradients whose squares underflow must not be divided by less than the smallest root.
        smallest = torch.finfo(image.dtype).tiny ** 0.5
        scale = (square / (1 - second ** count.item())).sqrt() + smallest
        return image - self.rate * unbiased / scale, (mean, square, count)


OPTIMIZERS: dict[str, Optimizer] = {"lbfgs": LBFGS(), "adam": Adam()}


def _inverse_hessian_times(
    vector: Tensor, pairs: list[tuple[Tensor, Tensor]], first_guess: Callable[[Tensor], Tensor]
) -> Tensor:
    """Return the inverse Hessian that `pairs` imply, times `vector`, by the two-loop recursion."""
    if not pairs:
        return first_guess(vector)
    result, projections = vector, []
    for s, y in reversed(pairs):
        projection = _dot(s, result) / _dot(s, y)
        result = torch.addcmul(result, projection, y, value=-1)
        projections.append(projection)
    s, y = pairs[-1]
    result = first_guess(result) * (_dot(s, y) / _dot(y, first_guess(y)))
    for (s, y), projection in zip(pairs, reversed(projections), strict=True):
        result = torch.addcmul(result, projection - _dot(y, result) / _dot(s, y), s)
    return result


def _same(vector: Tensor) -> Tensor:
    return vector


def _smooth(vector: Tensor) -> Tensor:
    """Return (1, 3, H, W) with each frequency weakened as 1 / frequency, above 1 / LARGEST px."""
    height, width = vector.shape[-2:]
    weights = _frequency_weights(height, width, vector.device)
    return torch.fft.irfft2(torch.fft.rfft2(vector) * weights, s=(height, width))


@lru_cache(maxsize=4)
def _frequency_weights(height: int, width: int, device: torch.device) -> Tensor:
    down = torch.fft.fftfreq(height, device=device).unsqueeze(1)
    across = torch.fft.rfftfreq(width, device=device)
    return 1 / (torch.hypot(down, across) + 1 / LARGEST)


def _dot(a: Tensor, b: Tensor) -> Tensor:
    return torch.dot(a.flatten(), b.flatten())
