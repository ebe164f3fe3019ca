"""Coarse to fine: the stages that a run goes through, and how a picture moves between them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from torch import Tensor

from style_transfer.images import MIN_SIDE, fit, resize

MIN_LONGER_SIDE = 96  # px on the longer side; below it the brush marks of a painting are gone
FINEST_SHARE = 0.5  # of the steps, at least
MAX_COARSE_STEPS = 24  # at the coarser sizes together, at most


@dataclass(frozen=True)
class Stage:
    """A part of a run: the size (height, width) it works at and its share of few steps."""

    size: tuple[int, int]
    share: float


def stages(size: tuple[int, int]) -> list[Stage]:
    """Return the stages of a run that ends at `size` (height, width), from coarse to fine.

    Each has half the sides of the next, as long as the longer side keeps MIN_LONGER_SIDE pixels and
    the shorter MIN_SIDE. The finest stage has FINEST_SHARE of the steps or more: the coarser ones
    share the rest, up to MAX_COARSE_STEPS in all. That settles the coarse structure; more steps
    there lose detail of the content image, and the finest stage has to converge anyway.
    """
    sizes = [size]
    while max(sizes[0]) // 2 >= MIN_LONGER_SIDE and min(sizes[0]) // 2 >= MIN_SIDE:
        sizes.insert(0, fit(size, max(sizes[0]) // 2))
    if len(sizes) == 1:
        return [Stage(size, 1.0)]
    coarse = (1 - FINEST_SHARE) / (len(sizes) - 1)
    return [*(Stage(each, coarse) for each in sizes[:-1]), Stage(size, FINEST_SHARE)]


def stage_index(plan: Sequence[Stage], step: int, steps: int) -> int:
    """Return the index in `plan` of the stage that step number `step` (from 1) of `steps` is in."""
    return next((i for i, end in enumerate(_ends(plan, steps)) if step <= end), len(plan) - 1)


def remaining_steps(plan: Sequence[Stage], step: int, steps: int, stage: int = 0) -> list[int]:
    """Return how many steps of each stage a run in `stage` has to make after `step` of `steps`."""
    left, made = [0] * len(plan), step
    for index, end in enumerate(_ends(plan, steps)):
        left[max(index, stage)] += max(0, end - made)
        made = max(made, end)
    return left


def _ends(plan: Sequence[Stage], steps: int) -> list[int]:
    few = min(steps, MAX_COARSE_STEPS / (1 - FINEST_SHARE))
    shares = accumulate(stage.share for stage in plan[:-1])
    return [*(round(share * few) for share in shares), steps]


def upsample_change(image: Tensor, photo: Tensor, full_photo: Tensor) -> Tensor:
    """Return `image`, a changed `photo`, as the same change of `full_photo`.

    The photo brings the detail that a coarse picture lacks; unchanged, it stays as it is.
    """
    return full_photo + resize(image - photo, (full_photo.shape[-2], full_photo.shape[-1]))
