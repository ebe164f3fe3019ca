"""Another content image for a run that goes on: of another size, or another photo."""

from dataclasses import replace

import torch
from torch import Tensor

from style_transfer.engine.photo_detail import calmed
from style_transfer.engine.pyramid import image_size, move_to_size, stages
from style_transfer.engine.state import State
from style_transfer.engine.stroked_content import StrokedContent
from style_transfer.engine.styles import Styles
from style_transfer.settings import Settings


def equal_images(one: Tensor, other: Tensor) -> bool:
    """Return whether two images, on any devices, have the same pixels."""
    if one is other:
        return True
    return one.shape == other.shape and torch.equal(one, other.to(one.device))


def with_content(
    state: State,
    before: tuple[int, int],
    content: Tensor,
    from_content: bool,
    styles: Styles,
    settings: Settings,
) -> State:
    """Return the state from which a run goes on with another content image (1, 3, H, W).

    `before` is the size (height, width) of the one that it had; `from_content` is whether the run
    began with it. The picture stays what it is, at the size of the new content: to add the
    difference of the two photos would show a negative of the old one. In a larger one is as much
    of the photo's detail as `styles` and `settings` want. The optimiser begins anew.
    """
    plan, size = stages(image_size(content)), image_size(state.image)
    # The finest stage stays the finest; a coarser one stays about as coarse.
    finest, longer_side = len(plan) - 1, max(size)
    as_fine = (n for n, stage in enumerate(plan) if max(stage.size) >= longer_side)
    stage = finest if size == before else next(as_fine, finest)
    if plan[stage].size == size:
        return replace(state.without_memory(), stage=stage, before=(), reach=None)
    new, base = plan[stage].size, None
    if from_content:
        whole = StrokedContent(content.to(state.image.device)).sized(state.strokes)
        base = calmed(whole, size, new, styles, settings)
    image = move_to_size(state.image, new, base)
    return State(state.step, stage, image, timings=state.timings, strokes=state.strokes)
