"""L-BFGS for an image: the direction from the last changes of image and gradient.

Nocedal 1980, "Updating Quasi-Newton Matrices with Limited Storage".
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from style_transfer.devices import runs_ahead
from style_transfer.engine.compact_direction import compact_direction
from style_transfer.engine.preconditioner import (
    CELL,
    LARGE,
    cell_changes,
    cell_scales,
    preconditioned,
)
from style_transfer.engine.step_graphs import graphs

CELL_DECAY = 0.25  # weight of earlier steps in a cell's averages; they change as fast as the image
LEAST_CURVATURE = 0.1  # of a pair's, that is left where a part of the image is masked
NO_CURVATURE = 1e-10  # smallest s y / y y of a pair that is kept; torch's LBFGS has the same
LARGE_HISTORY = 6  # pairs, of bfloat16, of images above LARGE pixels

Memory = tuple[Tensor, ...]  # empty at first, and after a change of the objective


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
        if runs_ahead(image.device) and memory and memory[0].numel() and not _is_large(image):
            return self._ahead(image, gradient, memory)
        pairs, changes = self._updated(image, gradient, memory)
        curvatures = [_dot(s, y) for s, y in pairs]
        # Those that count as absent, see `_advanced`, are left out where a run goes on elsewhere.
        known = [(*pair, bend) for pair, bend in zip(pairs, curvatures, strict=True) if bend > 0]
        precondition = self._preconditioner(changes, image)
        direction = -_inverse_hessian_times(gradient, known, precondition)
        size = direction.square().mean().sqrt()
        limit = self.longest_step if known else self.first_step
        if (not known or size > limit) and size > 0:
            direction *= limit / size
        flat = [tensor for pair in pairs for tensor in pair]
        return image + direction, (image, gradient, changes, *flat)

    def _ahead(self, image: Tensor, gradient: Tensor, memory: Memory) -> tuple[Tensor, Memory]:
        """Return what `step` does, without waiting for the device."""
        last_image, last_gradient, changes, *flat = memory
        flat = flat[-2 * (self.history - 1) :] if self.history > 1 else []
        # Each a tensor of its own: the same ones twice would be another structure.
        absent = image.new_zeros((self.history - 1 - len(flat) // 2, 1, *image.shape))
        moved, changes, s, y = graphs.call(
            _advanced,
            image,
            gradient,
            self,
            (last_image, last_gradient, changes),
            [*(each[0] for each in absent), *flat[::2]],
            [*(each[0] for each in absent), *flat[1::2]],
        )
        return moved, (image, gradient, changes, *flat, s, y)

    def _preconditioner(self, changes: Tensor, image: Tensor) -> Callable[[Tensor], Tensor]:
        if not self.preconditioned:
            return _identity
        return partial(preconditioned, cell_scales(changes, image))

    def owns(self, memory: Memory) -> bool:
        return not memory or (len(memory) % 2 == 1 and len(memory) >= 3 and memory[2].dim() == 4)

    def masked(self, memory: Memory, area: Tensor) -> Memory:
        if not memory:
            return memory
        _, _, changes, *flat = memory
        kept = []
        for s, y in zip(flat[::2], flat[1::2], strict=True):
            curvature = _dot(s, y)
            s, y = ((each * (1 - area)).to(each.dtype) for each in (s, y))
            # Of a pair that was mostly of the area, rounding is left.
            if _dot(s, y) > max(NO_CURVATURE * _dot(y, y), LEAST_CURVATURE * curvature):
                kept += [s, y]
        cells = F.avg_pool2d(1 - area, CELL, ceil_mode=True)
        nothing = changes.new_empty(0)  # no pair across the change: its y would be mostly of that
        return nothing, nothing, changes * cells, *kept

    def within(self, share: float) -> "LBFGS":
        # Its lengths are those of the whole image, where the rest has next to no gradient.
        shorter = share**0.5
        lengths = shorter * self.first_step, shorter * self.longest_step
        return replace(self, first_step=lengths[0], longest_step=lengths[1])

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
            changes = CELL_DECAY * changes + cell_changes(s, y)
        large = _is_large(image)
        if large:
            s, y = s.bfloat16(), y.bfloat16()  # whose range is that of float32: y is tiny
        if _dot(s, y) > NO_CURVATURE * _dot(y, y):
            history = min(self.history, LARGE_HISTORY) if large else self.history
            pairs = [*pairs, (s, y)][-history:]
        return pairs, changes


def _is_large(image: Tensor) -> bool:
    return image[0, 0].numel() > LARGE


def _advanced(
    image: Tensor,
    gradient: Tensor,
    optimizer: LBFGS,
    last: tuple[Tensor, Tensor, Tensor],
    older_s: Sequence[Tensor],
    older_y: Sequence[Tensor],
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return the next image, the changes in each cell, and the newest pair.

    `last` are the last image, gradient and changes. Older pairs that are 0 count as absent, and the
    newest one is 0 where it tells no curvature.
    """
    last_image, last_gradient, changes = last
    s, y = image - last_image, gradient - last_gradient
    if optimizer.preconditioned:
        changes = CELL_DECAY * changes + cell_changes(s, y)
    tells = torch.dot(s.flatten(), y.flatten()) > NO_CURVATURE * y.square().sum()
    s, y = (each.where(tells, 0.0) for each in (s, y))
    rows = [torch.stack([*older, new]).flatten(1) for older, new in ((older_s, s), (older_y, y))]
    precondition = optimizer._preconditioner(changes, image)
    direction, any_pair = compact_direction(gradient, rows[0], rows[1], precondition)
    size = direction.square().mean().sqrt().clamp_min(torch.finfo(direction.dtype).tiny)
    shorter = (optimizer.longest_step / size).clamp_max(1)
    factor = shorter.where(any_pair, optimizer.first_step / size)
    return torch.addcmul(image, factor, direction), changes, s, y


def _inverse_hessian_times(
    vector: Tensor,
    pairs: Sequence[tuple[Tensor, Tensor, Tensor]],
    precondition: Callable[[Tensor], Tensor],
) -> Tensor:
    """Return the inverse Hessian that pairs and their products imply, times `vector`.

    The two-loop recursion.
    """
    if not pairs:
        return precondition(vector)
    result, projections = vector, list[Tensor]()
    for s, y, curvature in reversed(pairs):
        projection = _dot(s, result) / curvature
        result = _added(result, -projection, y, first=not projections)
        projections.append(projection)
    _, newest, last = pairs[-1]
    result = precondition(result) * (last / _dot(newest, precondition(newest)))
    for (s, y, curvature), projection in zip(pairs, reversed(projections), strict=True):
        result = _added(result, projection - _dot(y, result) / curvature, s)
    return result


def _added(result: Tensor, factor: Tensor, vector: Tensor, first: bool = False) -> Tensor:
    """Return the result plus a multiple of a vector, in place unless it is the `first` time."""
    if first:
        return torch.addcmul(result, factor, vector)
    return result.addcmul_(factor, vector)


def _identity(vector: Tensor) -> Tensor:
    return vector


def _dot(a: Tensor, b: Tensor) -> Tensor:
    """Return the inner product; of bfloat16 in float32, image channel by image channel."""
    if a.dtype == b.dtype != torch.bfloat16:
        return torch.dot(a.flatten(), b.flatten())
    pairs = zip(a[0], b[0], strict=True)
    return torch.stack(
        [torch.dot(x.flatten().float(), y.flatten().float()) for x, y in pairs]
    ).sum()
