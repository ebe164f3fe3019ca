"""Touching the wet paint: what a stroke does to the state of a run, and what steps after it heed.

The optimiser goes on elsewhere as if nothing had happened; around the stroke it begins anew, with
small steps. A stroke on a picture at rest heals by steps that move what is around it alone: the
statistics are of the whole picture, and would change all of it for the sake of one place.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from style_transfer.engine.brushes import brushed, surroundings
from style_transfer.engine.local_style import changed_strokes
from style_transfer.engine.masks import resize_mask
from style_transfer.engine.optimizers import Optimizer
from style_transfer.engine.pyramid import BaseAt, image_size, move_to_size
from style_transfer.engine.state import State
from style_transfer.engine.stroked_content import StrokedContent
from style_transfer.engine.strokes import GUIDING, Stroke, in_effect, on_paint

MARGIN = 32.0  # px around a stroke in which the gradient is of another picture than before
MARGIN_SHARE = 1 / 8  # of the longer side; in small images the margin is at most this
REACH = 160.0  # px around a stroke at rest from which on nothing moves; nearer, steps fade out
HEALING = 60  # steps after the newest stroke from which on all of the picture moves again
REACH_SHARE = 1 / 2  # of the longer side; in small images it reaches this far at most
FIRST_LIMIT = 2 / 255  # root mean square of the first step where a stroke was; doubled each step
UNDO_BYTES = 32 * 2**20  # of what is kept to undo strokes; the oldest goes first

Box = tuple[slice, slice]  # rows and columns


def with_stroke(
    state: State, stroke: Stroke, content: StrokedContent, optimizer: Optimizer
) -> State:
    """Return the state after a stroke, which is given the number of steps made so far."""
    size, done = image_size(state.image), in_effect(state.strokes)
    strokes = (*state.strokes, replace(stroke, step=state.step))
    changed = stroke if stroke.kind != "undo" else done[-1] if done else None
    if changed is None:  # nothing to undo
        return replace(state, strokes=strokes)
    if changed.kind in GUIDING:
        return _guided(replace(state, strokes=strokes), state.strokes, optimizer, stroke.at_rest)
    area = _around([changed], state.image, _margin(size))
    box = _box(area)
    if stroke.kind != "undo":
        photo = content.photo(size)
        change = _brushing(stroke, photo)
        before = _bounded((*state.before, state.image[:, :, box[0], box[1]].clone()))
    else:
        change = _undoing(state, area, box, content.sized(state.strokes), content.sized(strokes))
        before = state.before[:-1]
    changed_state = replace(
        state,
        strokes=strokes,
        before=before,
        image=change(state.image),
        good=None if state.good is None else change(state.good),  # or a step back would undo it
    )
    return _begun_anew(changed_state, [changed], optimizer, stroke.at_rest)


def released(state: State, optimizer: Optimizer) -> State:
    """Return the state from which steps move all of the picture again, after strokes at rest."""
    if state.reach is None:
        return state
    nowhere = torch.zeros_like(state.reach)  # no pair of gradients with and without what is far
    return replace(state, reach=None, memory=optimizer.masked(state.memory, nowhere))


def moved_to_size(state: State, size: tuple[int, int], base: BaseAt | None) -> State:
    """Return the state at the size (height, width) of a stage, where the optimiser begins anew.

    `base` is what the run began with and moves as it is, see `move_to_size`.
    """
    image, old = move_to_size(state.image, size, base), image_size(state.image)
    before = state.before
    if before and old != size:
        before = tuple(_moved_crops(state, size, base))
    touched = None if state.touched is None else resize_mask(state.touched, size)
    return State(
        state.step,
        state.stage,
        image,
        strokes=state.strokes,
        before=before,
        touched=touched,
        touch_limit=state.touch_limit,
    )


def _guided(state: State, before: Sequence[Stroke], optimizer: Optimizer, at_rest: bool) -> State:
    """Return the state in which parts of the picture are to be like other places than `before`."""
    changed = changed_strokes(before, state.strokes)
    return _begun_anew(state, changed, optimizer, at_rest) if changed else state


def _begun_anew(
    state: State, changed: Sequence[Stroke], optimizer: Optimizer, at_rest: bool
) -> State:
    """Return the state whose optimiser begins anew where strokes are, and goes on elsewhere."""
    size, reach = image_size(state.image), state.reach
    area = _around(changed, state.image, _margin(size))
    if at_rest or reach is not None:
        here = _around(changed, state.image, min(REACH, REACH_SHARE * max(size)))
        reach = here if reach is None else torch.maximum(reach, here)
    return replace(
        state,
        loss=None,  # that of another image or objective
        memory=optimizer.masked(state.memory, area),
        touched=area if state.touched is None else torch.maximum(area, state.touched),
        touch_limit=FIRST_LIMIT,
        reach=reach,
    )


def _around(strokes: Sequence[Stroke], image: Tensor, margin: float) -> Tensor:
    """Return 1 where strokes are, falling to 0 over `margin` px around, (1, 1, H, W)."""
    areas = [surroundings(stroke, image_size(image), margin) for stroke in strokes]
    return torch.stack(areas).amax(0).to(image.device)


def _brushing(stroke: Stroke, photo: Tensor) -> Callable[[Tensor], Tensor]:
    return lambda image: brushed(image, stroke, photo).clamp(0, 1)


def _undoing(
    state: State,
    area: Tensor,
    box: Box,
    base: BaseAt,
    base_without: BaseAt,
) -> Callable[[Tensor], Tensor]:
    """Return what brings back an image as it was before the newest stroke, within its area.

    Where that was too long ago to be kept, what the stroke did to the content image is taken back.
    """
    size = image_size(state.image)

    def restored(image: Tensor) -> Tensor:
        if not state.before:
            return (image + area * (base_without(size) - base(size))).clamp(0, 1)
        image = image.clone()
        rows, columns = box
        part = torch.lerp(image[:, :, rows, columns], state.before[-1], area[:, :, rows, columns])
        image[:, :, rows, columns] = part
        return image

    return restored


def _moved_crops(state: State, size: tuple[int, int], base: BaseAt | None) -> list[Tensor]:
    """Return what is kept to undo strokes, at another size."""
    old, crops = image_size(state.image), []
    strokes = on_paint(state.strokes)[-len(state.before) :]
    for stroke, crop in zip(strokes, state.before, strict=True):
        rows, columns = _box(surroundings(stroke, old, _margin(old)))
        image = state.image.clone()
        image[:, :, rows, columns] = crop
        rows, columns = _box(surroundings(stroke, size, _margin(size)))
        crops.append(move_to_size(image, size, base)[:, :, rows, columns].clone())
    return list(_bounded(tuple(crops)))


def _bounded(crops: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    while sum(crop.nbytes for crop in crops) > UNDO_BYTES and len(crops) > 1:
        crops = crops[1:]
    return crops


def _margin(size: tuple[int, int]) -> float:
    return min(MARGIN, MARGIN_SHARE * max(size))


def _box(area: Tensor) -> Box:
    """Return rows and columns that hold all of an area (1, 1, H, W) above 0."""
    found = []
    for dims in ((0, 1, 3), (0, 1, 2)):
        at = area.amax(dims).nonzero()
        found.append(slice(int(at[0]), int(at[-1]) + 1) if len(at) else slice(0, 0))
    return found[0], found[1]
