"""Ways to step an image downhill: each takes image, gradient and memory, and returns new ones.

An optimiser is a value without state. Its memory is a tuple of tensors that are never written to,
so that a run's state can be kept, compared and saved at any step without a copy.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

LONGEST_WAVE = 32  # px; structures above it are all moved alike
CELL = 4  # px a side
CURVATURE_FLOOR = 1e-3  # of the mean change: less tells nothing of a place
MAX_CELL_RATIO = 4.0  # times as far as elsewhere, or as little, one place is moved
CELL_DECAY = (
    0.25  # of what was learnt of places by the step before: they change as fast as the picture
)
Memory = tuple[Tensor, ...]  # empty at first, and whenever the objective is another one


class Optimizer(Protocol):
    """Makes one step; `image` and `gradient` are (1, 3, H, W)."""

    def step(self, image: Tensor, gradient: Tensor, memory: Memory) -> tuple[Tensor, Memory]:
        """Return the next image and the memory for the step after it."""


@dataclass(frozen=True)
class LBFGS:
    """Limited-memory BFGS without a line search: one evaluation for each step.

    Nocedal 1980, "Updating Quasi-Newton Matrices with Limited Storage". Its memory holds the last
    image and gradient, how much both have changed of late in each place, (1, 2, h, w), then up to
    `history` pairs of change of image and change of gradient.

    Differs from the textbook because its first guess of the inverse Hessian is not the identity. It
    falls off as 1 / frequency, as that of these losses does, so that coarse structure moves at once
    with the fine. And it is the larger in a place the less the gradient there answers to changes,
    since a plain wall bends these losses otherwise than a face. Together they save more than a
    third of the steps. `preconditioned=False` is the textbook's.
    """

    history: int = 12
    first_step: float = 2 / 255  # root mean square; a gradient alone has no scale of its own
    longest_step: float = 32 / 255  # root mean square; beyond it the quadratic model is a guess
    preconditioned: bool = True

    def step(self, image: Tensor, gradient: Tensor, memory: Memory) -> tuple[Tensor, Memory]:
        gradient = gradient.contiguous()  # as the image is: sums over both then need no copies
        pairs, changes = self._learnt(image, gradient, memory)
        guess = partial(_first_guess, _scales(changes, image)) if self.preconditioned else _same
        direction = -_inverse_hessian_times(gradient, pairs, guess)
        size = direction.square().mean().sqrt()
        limit = self.longest_step if pairs else self.first_step
        if not pairs or size > limit:
            direction = direction * (limit / size) if size > 0 else direction
        flat = [tensor for pair in pairs for tensor in pair]
        return image + direction, (image, gradient, changes, *flat)

    def _learnt(
        self, image: Tensor, gradient: Tensor, memory: Memory
    ) -> tuple[list[tuple[Tensor, Tensor]], Tensor]:
        """Return the pairs up to this image, and the changes in each place."""
        if not memory:
            height, width = (-(-side // CELL) for side in image.shape[-2:])
            return [], image.new_zeros((1, 2, height, width))
        last_image, last_gradient, changes, *flat = memory
        pairs = list(zip(flat[::2], flat[1::2], strict=True))
        s, y = image - last_image, gradient - last_gradient
        if self.preconditioned:
            changes = CELL_DECAY * changes + _changes(s, y)
        if _dot(s, y) > 1e-10 * _dot(y, y):  # otherwise the curvature is no guide, as in torch
            pairs = [*pairs, (s, y)][-self.history :]
        return pairs, changes


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
    bends = [_dot(s, y) for s, y in pairs]
    result, projections = vector, []
    for (s, y), bend in zip(reversed(pairs), reversed(bends), strict=True):
        projection = _dot(s, result) / bend
        result = torch.addcmul(result, projection, y, value=-1)
        projections.append(projection)
    newest = pairs[-1][1]
    result = first_guess(result) * (bends[-1] / _dot(newest, first_guess(newest)))
    for (s, y), bend, projection in zip(pairs, bends, reversed(projections), strict=True):
        result = torch.addcmul(result, projection - _dot(y, result) / bend, s)
    return result


def _same(vector: Tensor) -> Tensor:
    return vector


def _first_guess(scales: Tensor, vector: Tensor) -> Tensor:
    """Return (1, 3, H, W) with each frequency weakened, and each place strengthened, before and
    after, so that the first guess stays symmetric.
    """
    return scales * _filtered(scales * vector, 1)


def _filtered(vector: Tensor, power: float) -> Tensor:
    """Return (1, C, H, W) with each frequency component divided by its frequency to a power."""
    height, width = vector.shape[-2:]
    weights = _frequency_weights(height, width, power, vector.device)
    return torch.fft.irfft2(torch.fft.rfft2(vector) * weights, s=(height, width))


def _changes(s: Tensor, y: Tensor) -> Tensor:
    """Return mean squares of changes of image and gradient in each place, (1, 2, h, w).

    Frequencies are evened out, so that the first guess without places would make them alike.
    """
    even = torch.cat((_filtered(s, -0.5), _filtered(y, 0.5))).square().mean(1)
    return F.avg_pool2d(even, CELL, ceil_mode=True).unsqueeze(0)


def _scales(changes: Tensor, image: Tensor) -> Tensor:
    """Return how strongly each place of the image counts beside others, (1, 1, H, W)."""
    mean = changes.mean((2, 3), keepdim=True) + torch.finfo(changes.dtype).tiny
    change, response = (changes / mean + CURVATURE_FLOOR).split(
        1, 1
    )  # alike where nothing has changed
    scales = (change / response).clamp(1 / MAX_CELL_RATIO**2, MAX_CELL_RATIO**2) ** 0.25
    return F.interpolate(scales, size=image.shape[-2:], mode="bilinear")


@lru_cache(maxsize=8)
def _frequency_weights(height: int, width: int, power: float, device: torch.device) -> Tensor:
    down = torch.fft.fftfreq(height, device=device).unsqueeze(1)
    across = torch.fft.rfftfreq(width, device=device)
    return (torch.hypot(down, across) + 1 / LONGEST_WAVE) ** -power


def _dot(a: Tensor, b: Tensor) -> Tensor:
    return torch.dot(a.flatten(), b.flatten())
