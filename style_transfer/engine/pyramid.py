"""The image pyramid: the stages of a run from coarse to fine, and images between their sizes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from torch import Tensor

from style_transfer.images import MIN_SIDE, fit, resize

MIN_LONGER_SIDE = 96  # px; in smaller images the brush strokes of a style are lost
FINEST_SHARE = 0.5  # of the steps that the finest stage gets at least
MAX_COARSE_STEPS = 24  # of all coarser stages together

BaseAt = Callable[[tuple[int, int]], Tensor]  # an image at a size (height, width)


@dataclass(frozen=True)
class Stage:
    """A part of a run: the size (height, width) it works at, and its share of a short run."""

    size: tuple[int, int]
    share: float


def stages(size: tuple[int, int]) -> list[Stage]:
    """Return the stages of a run that ends at `size` (height, width), from coarse to fine.

    Each has half the sides of the next, as long as the longer side keeps MIN_LONGER_SIDE pixels and
    the shorter MIN_SIDE. The finest stage has FINEST_SHARE of the steps or more, but for rounding:
    the coarser ones share the rest, up to MAX_COARSE_STEPS in all. That settles the coarse
    structure; more steps there lose detail of the content image, and the finest stage has to
    converge anyway.
    """
    sizes = [size]
    while max(sizes[0]) // 2 >= MIN_LONGER_SIDE and min(sizes[0]) // 2 >= MIN_SIDE:
        sizes.insert(0, fit(size, max(sizes[0]) // 2))
    if len(sizes) == 1:
        return [Stage(size, 1.0)]
    coarse = (1 - FINEST_SHARE) / (len(sizes) - 1)
    return [*(Stage(each, coarse) for each in sizes[:-1]), Stage(size, FINEST_SHARE)]


def stage_index(plan: Sequence[Stage], step: int, steps: int) -> int:
    """Return the index in `plan` of the stage of step number `step` (from 1) of `steps`."""
    return next((i for i, end in enumerate(_ends(plan, steps)) if step <= end), len(plan) - 1)


def remaining_steps(plan: Sequence[Stage], step: int, steps: int, stage: int = 0) -> list[int]:
    """Return how many steps of each stage are left after `step` of `steps` steps.

    `stage` is the index of the stage that the run has reached; it never returns to a coarser one.
    """
    remaining, made = [0] * len(plan), step
    for index, end in enumerate(_ends(plan, steps)):
        remaining[max(index, stage)] += max(0, end - made)
        made = max(made, end)
    return remaining


def _ends(plan: Sequence[Stage], steps: int) -> list[int]:
    """Return the number of the last step of each stage."""
    shared = min(steps, MAX_COARSE_STEPS / (1 - FINEST_SHARE))
    shares = accumulate(stage.share for stage in plan[:-1])
    return [*(round(share * shared) for share in shares), steps]


def image_size(image: Tensor) -> tuple[int, int]:
    """Return height and width of (..., H, W)."""
    return image.shape[-2], image.shape[-1]


def resize_clamped(image: Tensor, size: tuple[int, int]) -> Tensor:
    """Return `image` at `size` (height, width), in [0, 1]: the filter overshoots at edges."""
    return resize(image, size).clamp(0, 1)


def move_to_size(image: Tensor, size: tuple[int, int], base: BaseAt | None) -> Tensor:
    """Return a stylised image (1, 3, h, w) at the size (height, width) of another stage.

    `base` gives the content image that it began as, at any size. Only the difference from that is
    resized, so that the content has its detail at every size. Without it all of the image is.
    """
    if image_size(image) == size:
        return image
    if base is None:
        return resize_clamped(image, size)
    change = image - base(image_size(image))
    return (base(size) + resize(change, size)).clamp(0, 1)
