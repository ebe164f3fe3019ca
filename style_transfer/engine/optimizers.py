"""Optimisers: functions of image, gradient and memory that return the next image and memory.

An optimiser is a value without state. Its memory is a tuple of tensors that are never written to,
so that a run's state can be stored, compared and saved at any step without a copy. A new optimiser
is a class and an entry of `OPTIMIZERS`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

LONGEST_WAVE = 32  # px; all lower frequencies are preconditioned alike
CELL = 4  # px; side of the cells for which changes of image and gradient are averaged
CHANGE_FLOOR = 1e-3  # of the mean change; below it a cell's ratio of changes is noise
MAX_CELL_RATIO = 4.0  # limit of a cell's preconditioner, relative to the image's, both ways
CELL_DECAY = 0.25  # weight of earlier steps in a cell's averages; they change as fast as the image
LEAST_CURVATURE = 0.1  # of a pair's, that is left where a part of the image is masked
LARGE = 2**22  # pixels of an image above which the memory of L-BFGS is kept small
LARGE_HISTORY = 6  # pairs, of bfloat16
Memory = tuple[Tensor, ...]  # empty at first, and after a change of the objective


class Optimizer(Protocol):
    """Makes steps. `image` and `gradient` are (1, 3, H, W)."""

    def step(self, image: Tensor, gradient: Tensor, memory: Memory) -> tuple[Tensor, Memory]:
        """Return the next image, not clamped, and the memory for the step after it."""

    def masked(self, memory: Memory, area: Tensor) -> Memory:
        """Return the memory where the image was changed by hand, in an area (1, 1, H, W) in [0, 1].

        What it knows of places in the area is gone, what it knows of all others stays.
        """


@dataclass(frozen=True)
class LBFGS:
    """Limited-memory BFGS without a line search: one evaluation for each step.

    Nocedal 1980, "Updating Quasi-Newton Matrices with Limited Storage". Its memory is the last
    image and gradient, both empty after a change by hand, the mean squared changes of both in each
    cell, (1, 2, h, w), then up to `history` pairs of change of image and change of gradient.

    Differs from the textbook in the initial inverse Hessian, which saves more than a third of the
    steps. It falls off as 1 / frequency, as the inverse Hessian of these losses does, so that
    coarse structure moves as early as fine structure. And it is larger in cells whose gradient
    responds less to changes: the losses are curved differently on a plain wall and on a face.
    `preconditioned=False` is the textbook's, a multiple of the identity.

    Of images above LARGE pixels it keeps LARGE_HISTORY pairs in 16 bits: a quarter of the memory.
    """

    history: int = 12  # pairs
    first_step: float = 2 / 255  # root mean square; a gradient alone gives no step length
    longest_step: float = 32 / 255  # root mean square; farther away the quadratic model is a guess
    preconditioned: bool = True

    def step(self, image: Tensor, gradient: Tensor, memory: Memory) -> tuple[Tensor, Memory]:
        gradient = gradient.contiguous()  # as the image is, or each dot product would copy it
        pairs, changes = self._updated(image, gradient, memory)
        scaled = partial(_precondition, _scales(changes, image))
        precondition = scaled if self.preconditioned else _identity
        direction = -_inverse_hessian_times(gradient, pairs, precondition)
        size = direction.square().mean().sqrt()
        limit = self.longest_step if pairs else self.first_step
        if (not pairs or size > limit) and size > 0:
            direction *= limit / size
        flat = [tensor for pair in pairs for tensor in pair]
        return image + direction, (image, gradient, changes, *flat)

    def masked(self, memory: Memory, area: Tensor) -> Memory:
        if not memory:
            return memory
        _, _, changes, *flat = memory
        kept = []
        for s, y in zip(flat[::2], flat[1::2], strict=True):
            curvature = _dot(s, y)
            s, y = ((each * (1 - area)).to(each.dtype) for each in (s, y))
            # Of a pair that was mostly of the area, rounding is left.
            if _dot(s, y) > max(1e-10 * _dot(y, y), LEAST_CURVATURE * curvature):
                kept += [s, y]
        cells = F.avg_pool2d(1 - area, CELL, ceil_mode=True)
        nothing = changes.new_empty(0)  # no pair across the change: its y would be mostly of that
        return nothing, nothing, changes * cells, *kept

    def _updated(
        self, image: Tensor, gradient: Tensor, memory: Memory
    ) -> tuple[list[tuple[Tensor, Tensor]], Tensor]:
        """Return the pairs up to this image, and the changes in each cell."""
        if not memory:
            height, width = (-(-side // CELL) for side in image.shape[-2:])
            return [], image.new_zeros((1, 2, height, width))
        last_image, last_gradient, changes, *flat = memory
        pairs = list(zip(flat[::2], flat[1::2], strict=True))
        if not last_image.numel():  # the image was changed by hand since
            return pairs, changes
        s, y = image - last_image, gradient - last_gradient
        if self.preconditioned:
            changes = CELL_DECAY * changes + _changes(s, y)
        large = image[0, 0].numel() > LARGE
        if large:
            s, y = s.bfloat16(), y.bfloat16()  # whose range is that of float32: y is tiny
        if _dot(s, y) > 1e-10 * _dot(y, y):  # as torch does: other pairs tell no curvature
            history = min(self.history, LARGE_HISTORY) if large else self.history
            pairs = [*pairs, (s, y)][-history:]
        return pairs, changes


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

    def masked(self, memory: Memory, area: Tensor) -> Memory:
        if not memory:
            return memory
        mean, square, count = memory
        return mean * (1 - area), square * (1 - area), count  # their ratio stays that of a step


OPTIMIZERS: dict[str, Optimizer] = {"lbfgs": LBFGS(), "adam": Adam()}


def _inverse_hessian_times(
    vector: Tensor, pairs: list[tuple[Tensor, Tensor]], precondition: Callable[[Tensor], Tensor]
) -> Tensor:
    """Return the inverse Hessian that `pairs` imply, times `vector`: the two-loop recursion."""
    if not pairs:
        return precondition(vector)
    curvatures = [_dot(s, y) for s, y in pairs]
    result, projections = vector, list[Tensor]()
    for (s, y), curvature in zip(reversed(pairs), reversed(curvatures), strict=True):
        projection = _dot(s, result) / curvature
        result = _added(result, -projection, y, first=not projections)
        projections.append(projection)
    newest = pairs[-1][1]
    result = precondition(result) * (curvatures[-1] / _dot(newest, precondition(newest)))
    for (s, y), curvature, projection in zip(pairs, curvatures, reversed(projections), strict=True):
        result = _added(result, projection - _dot(y, result) / curvature, s)
    return result


def _added(result: Tensor, factor: Tensor, vector: Tensor, first: bool = False) -> Tensor:
    """Return the result plus a multiple of a vector, in place unless it is the `first` time."""
    if first:
        return torch.addcmul(result, factor, vector)
    return result.addcmul_(factor, vector)


def _identity(vector: Tensor) -> Tensor:
    return vector


def _precondition(scales: Tensor, vector: Tensor) -> Tensor:
    """Return `vector` (1, 3, H, W) times the initial inverse Hessian, a symmetric matrix."""
    return _filtered(scales * vector, 1).mul_(scales)


def _filtered(vector: Tensor, power: float) -> Tensor:
    """Return (1, C, H, W) with each component divided by its frequency to the power."""
    height, width = vector.shape[-2:]
    weights = _frequency_weights(height, width, power, vector.device)
    if height * width <= LARGE:
        return torch.fft.irfft2(torch.fft.rfft2(vector) * weights, s=(height, width))
    result = torch.empty_like(vector)
    for plane, channel in zip(vector[0], result[0], strict=True):  # one has its spectrum at a time
        channel.copy_(torch.fft.irfft2(torch.fft.rfft2(plane).mul_(weights), s=(height, width)))
    return result


def _changes(s: Tensor, y: Tensor) -> Tensor:
    """Return the mean squared changes of image and gradient in each cell, (1, 2, h, w).

    Both are filtered first, so that they are equal up to a factor where the Hessian is that of the
    frequencies alone.
    """
    cells = [
        F.avg_pool2d(_filtered(each, power).square_().mean(1), CELL, ceil_mode=True)
        for each, power in ((s, -0.5), (y, 0.5))
    ]
    return torch.stack(cells, dim=1)


def _scales(changes: Tensor, image: Tensor) -> Tensor:
    """Return the square root of the cells' preconditioner at each pixel, (1, 1, H, W)."""
    mean = changes.mean((2, 3), keepdim=True) + torch.finfo(changes.dtype).tiny
    change, response = (changes / mean + CHANGE_FLOOR).split(1, 1)  # equal without any change
    scales = (change / response).clamp(1 / MAX_CELL_RATIO**2, MAX_CELL_RATIO**2) ** 0.25
    return F.interpolate(scales, size=image.shape[-2:], mode="bilinear")


@lru_cache(maxsize=8)
def _frequency_weights(height: int, width: int, power: float, device: torch.device) -> Tensor:
    """Return frequency ** -power, (H, W // 2 + 1), with 1 / LONGEST_WAVE added to the frequency."""
    down = torch.fft.fftfreq(height, device=device).unsqueeze(1)
    across = torch.fft.rfftfreq(width, device=device)
    return (torch.hypot(down, across) + 1 / LONGEST_WAVE) ** -power


def _dot(a: Tensor, b: Tensor) -> Tensor:
    """Return the inner product; of bfloat16 in float32, image channel by image channel."""
    if a.dtype == b.dtype != torch.bfloat16:
        return torch.dot(a.flatten(), b.flatten())
    pairs = zip(a[0], b[0], strict=True)
    return torch.stack(
        [torch.dot(x.flatten().float(), y.flatten().float()) for x, y in pairs]
    ).sum()
