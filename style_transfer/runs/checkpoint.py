"""Checkpoint: a run on disk, as it is read from its files, whatever they hold."""

import json
import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError
from torch import Tensor

from style_transfer.checks import whole_number
from style_transfer.engine import (
    OPTIMIZERS,
    Frame,
    State,
    Styles,
    is_from_content,
    stages,
)
from style_transfer.images import check_image
from style_transfer.network import out_of_memory
from style_transfer.recipe import Recipe
from style_transfer.runs.checkpoint_files import (
    EXPIRY_FILE,
    OPACITY,
    RUN_FILE,
    STATE_FILE,
    by_name,
    pictures_files,
    read_pictures,
)
from style_transfer.runs.history import LossHistory

# What reading a file of any content may raise.
_UNREADABLE = (
    OSError,
    SafetensorError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
)


class DamagedError(ValueError):
    """A run on disk that cannot be read at any time."""


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A run as it was on disk."""

    content: Tensor  # (1, 3, H, W), bit for bit
    styles: Styles
    recipe: Recipe  # with the settings of the next step
    losses: LossHistory
    state: State
    rests: bool = False  # whether its run had ended, to go on by a change
    opacity: Tensor | None = None  # (1, 1, H, W) of the photo; None: opaque

    @classmethod
    def load(cls, folder: Path) -> "Checkpoint":
        """Return the checkpoint in `folder`. Raises DamagedError, one sentence, for any other, and
        ValueError where the system refuses to read it."""
        try:
            about = json.loads((folder / RUN_FILE).read_text())
            recipe = Recipe.from_json(about["recipe"])
            state = State.load(folder / STATE_FILE)
            pictures = _pictures_of(folder, state)
            content, styles = pictures["content"], Styles.from_tensors(pictures)
            for image in (content, *styles.images):
                check_image("An image", image)
            _check_state(state, content, recipe.optimizer)
            styles.check(content)
            # run.json is written before the state, and may be some steps ahead of it.
            rests = _rests(about, recipe, state.step)
            recipe = replace(recipe, step=state.step)
            losses = [each for each in map(_losses_of, about["curve"]) if each[0] <= state.step]
        except _UNREADABLE as error:
            kind = ValueError if _is_of_system(error) else DamagedError
            raise kind("The interrupted run cannot be read any more.") from error
        return cls(content, styles, recipe, losses, state, rests, pictures.get(OPACITY))

    @property
    def pictures(self) -> dict[str, Tensor]:
        """Content image, its opacity, style images and masks by name."""
        return by_name(self.content, self.styles, self.opacity)

    @property
    def frame(self) -> Frame:
        """The frame of the state, without the optimiser's memory."""
        state = self.state
        return Frame(
            step=state.step,
            image=state.image,
            losses=self.losses[-1][1] if self.losses else {},
            settings=self.recipe.settings,
            state=replace(state, memory=(), good=None),
            content=self.content,
            from_content=is_from_content(self.recipe.init),
            strength=self.styles.strength_at((self.content.shape[-2], self.content.shape[-1])),
        )


class KeptRun(NamedTuple):
    """What is told of a run on disk before it is read."""

    step: int  # that its state has reached
    rests: bool  # see `Checkpoint`


def kept_run(folder: Path) -> KeptRun | None:
    """Return what is told of the run in `folder`, None if that cannot be read."""
    try:
        about = json.loads((folder / RUN_FILE).read_text())
        recipe, step = Recipe.from_json(about["recipe"]), State.step_in(folder / STATE_FILE)
        return KeptRun(step, _rests(about, recipe, step))
    except _UNREADABLE:
        return None


def expiry_of(folder: Path, lifetime: float) -> float:
    """Return the time at which a checkpoint expires, in seconds since the epoch; 0 for none.

    `lifetime` is in seconds since the last state or, at most, since the visitor left the run.
    """
    try:
        written = (folder / STATE_FILE).stat().st_mtime
    except OSError:
        return 0.0
    with suppress(*_UNREADABLE):  # without the file: not left by its visitor
        file = folder / EXPIRY_FILE
        expires = float(json.loads(file.read_text())["expires"])
        if math.isfinite(expires):
            return min(expires, file.stat().st_mtime + lifetime)
    return written + lifetime


def _is_of_system(error: BaseException | None) -> bool:
    """Return whether an error comes from lack of memory or from the system, which may pass."""
    while error and not (isinstance(error, OSError) or out_of_memory(error)):
        error = error.__cause__
    return error is not None


def _rests(about: Mapping[str, Any], recipe: Recipe, step: int) -> bool:
    """Return whether the state of `step` rests; what run.json says may be of a later one."""
    return about.get("rests") is True and recipe.step == step


def _losses_of(entry: Any) -> tuple[int, dict[str, float]]:
    step, losses = entry
    whole_number("step", step, 0, 2**31)
    return step, {str(name): float(loss) for name, loss in losses.items()}


def _check_state(state: State, content: Tensor, optimizer: str) -> None:
    """Raise one of _UNREADABLE where a run with this content cannot go on from `state`."""
    plan = stages((content.shape[-2], content.shape[-1]))
    whole_number("stage", state.stage, 0, len(plan) - 1)
    shape = 1, 3, *plan[state.stage].size
    for image in (state.image, *([] if state.good is None else [state.good])):
        if tuple(image.shape) != shape or not image.isfinite().all():
            raise ValueError(f"An image of the state must be {shape} and finite.")
    for area in (each for each in (state.touched, state.reach) if each is not None):
        if tuple(area.shape) != (1, 1, *shape[2:]) or not area.isfinite().all():
            raise ValueError(f"An area of the state must be {(1, 1, *shape[2:])} and finite.")
    if not math.isfinite(state.touch_limit):
        raise ValueError(f"The limit after strokes must be finite, not {state.touch_limit}.")
    if state.loss is not None and not math.isfinite(state.loss):
        raise ValueError(f"The loss of the last good image must be finite, not {state.loss}.")
    if not isinstance(state.objective, dict | None):
        raise TypeError(f"An objective must be a dictionary, not {state.objective!r}.")
    if not OPTIMIZERS[optimizer].owns(state.memory):
        raise ValueError(f"The memory of the state is not that of {optimizer}.")
    # Only the optimiser knows the sizes of its memory, so try a step with a gradient of 0.
    step, _ = OPTIMIZERS[optimizer].step(state.image, torch.zeros(shape), state.memory)
    if tuple(step.shape) != shape or not step.isfinite().all():
        raise ValueError(f"The memory of {optimizer} does not belong to the image.")


def _pictures_of(folder: Path, state: State) -> dict[str, Tensor]:
    """Return the pictures that a state was painted from."""
    # Those of a size that was changed within a step are there before the first state that has it.
    for (step, _), file in pictures_files(folder).items():
        if step <= state.step:
            pictures = read_pictures(file)
            plan = stages((*pictures["content"].shape[-2:],))
            size = state.image.shape[-2:]
            if state.stage < len(plan) and tuple(size) == plan[state.stage].size:
                return pictures
    raise LookupError(f"No pictures of step {state.step} are there.")
