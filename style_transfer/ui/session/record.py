"""RunRecord: a run as the page lists it, with its inputs, previews, losses and changes."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from torch import Tensor

from style_transfer.engine import Frame, State, Styles
from style_transfer.images import keep_colors
from style_transfer.recipe import Recipe
from style_transfer.runs import CheckpointWriter, LossHistory, Run, SettingsChange
from style_transfer.settings import Settings
from style_transfer.ui.session.timeline import Preview, Timeline


@dataclass(frozen=True, eq=False)
class RunInputs:
    """What a run is made from beside its settings."""

    content: Tensor  # (1, 3, H, W), at the size of the result
    styles: Styles  # may be replaced during the run
    content_file: Path  # the content image as a file that browsers show
    recipe: Recipe  # names, size, seed, first image, optimiser, network

    @property
    def tensors(self) -> dict[str, Tensor]:
        """Content image, style images and masks by name."""
        return {"content": self.content} | self.styles.as_tensors()


class RunRecord:
    """One entry of a page's list of runs, during the run and after it."""

    def __init__(
        self, name: str, inputs: RunInputs, timeline: Timeline, losses: LossHistory | None = None
    ) -> None:
        """Begin without a run; `losses` are of steps that were made before, by another process."""
        self.name, self.inputs, self.timeline = name, inputs, timeline
        self.run: Run | None = None  # None also once another run has replaced it
        self.last_frame: Frame | None = None
        self.checkpoint: CheckpointWriter | None = None  # while the run may have to be recovered
        self._earlier_losses: LossHistory = losses or []  # of the runs that `run` continues
        self._earlier_changes: list[SettingsChange] = []

    @property
    def losses(self) -> LossHistory:
        """Step and losses of each step made."""
        return self._earlier_losses + (self.run.losses if self.run else [])

    @property
    def changes(self) -> list[SettingsChange]:
        """What was changed between steps, oldest first."""
        return self._earlier_changes + (self.run.changes if self.run else [])

    @property
    def state(self) -> State | None:
        """What the run can be continued from; without the optimiser's memory after `detach`."""
        if self.run and self.run.state:
            return self.run.state
        return self.last_frame.state if self.last_frame else None

    @property
    def is_running(self) -> bool:
        """Whether steps are made, or will be after a pause."""
        return self.run is not None and not self.run.ended

    @property
    def previews(self) -> list[Preview]:
        """The previews in the order of their steps."""
        return self.timeline.previews

    @property
    def settings(self) -> Settings:
        """The settings of the next step, or of the last one where there is no run."""
        if self.run:
            return self.run.settings
        return self.previews[-1].settings if self.previews else self.inputs.recipe.settings

    def follow(self, run: Run) -> None:
        """Let `run` begin or continue this record."""
        self._earlier_losses, self._earlier_changes = self.losses, self.changes
        self.run = run

    def detach(self) -> None:
        """Let go of the run, whose optimiser memory is many times the image, and its checkpoint."""
        self.remove_checkpoint()
        if self.run:
            self.inputs = replace(self.inputs, recipe=self._recipe)
            self._earlier_losses, self._earlier_changes = self.losses, self.changes
            self.run = None

    def add_frame(self, frame: Frame) -> None:
        """Store the newest frame and a preview of it. Raises OSError."""
        self.last_frame = frame
        newest = self.previews[-1] if self.previews else None
        if newest is None or newest.step != frame.step:
            self.timeline.add(frame)
        elif newest.settings.keep_colors != frame.settings.keep_colors:
            self.recolor(newest, frame.settings.keep_colors)

    def recolor(self, preview: Preview, share: float) -> Preview:
        """Let a preview keep this share of the content image's colours, and return it."""
        if self.last_frame is not None and self.last_frame.step == preview.step:
            self.last_frame = self.last_frame.with_colors(share)
            recolored = self.last_frame.picture  # on the device of the run, unlike the inputs
        else:
            recolored = keep_colors(preview.image, self.inputs.content, share)
        return self.timeline.recolor(preview, recolored, share)

    def change_styles(self, styles: Styles, names: dict[str, Any]) -> None:
        """Use other style images or masks from the next step on; `names` are for the recipe.

        Raises ValueError, one sentence, where they do not fit.
        """
        if self.run:
            self.run.styles = styles
        recipe = replace(self.inputs.recipe, **names)
        self.inputs = replace(self.inputs, styles=styles, recipe=recipe)
        if self.checkpoint:
            self.checkpoint.pictures = self.inputs.tensors

    def write_checkpoint(self, run: Run, now: bool = False, with_memory: bool = True) -> None:
        """Write the newest state of `run` where it is due, or `now`.

        Its optimiser may begin anew, without the memory that takes longest to write.
        """
        checkpoint, state = self.checkpoint, run.state  # other threads may set them to None
        if checkpoint and state and (checkpoint.is_due() or now):
            recipe = replace(self._recipe, settings=run.settings)
            kept = state if with_memory else state.without_memory()
            checkpoint.write(kept, self._earlier_losses + run.losses, recipe)

    def remove_checkpoint(self) -> None:
        """Delete the checkpoint of a run that has ended as its visitor saw."""
        if self.checkpoint:
            self.checkpoint.remove()
        self.checkpoint = None

    def release_checkpoint(self) -> None:
        """Let the run be continued from its checkpoint, by a server that is started later."""
        if self.checkpoint:
            self.checkpoint.release()
        self.checkpoint = None

    def leave_checkpoint(self) -> None:
        """Leave the checkpoint to a visitor who has closed the page, and may come back."""
        checkpoint = self.checkpoint
        if checkpoint and self.run:
            self.write_checkpoint(self.run, now=True)
            checkpoint.leave()
        self.checkpoint = None

    def recipe(self, preview: Preview) -> Recipe:
        """Return the recipe of a preview."""
        return replace(self._recipe, step=preview.step, settings=preview.settings)

    @property
    def _recipe(self) -> Recipe:
        """The recipe of the inputs, with what was changed during the run."""
        recipe, run = self.inputs.recipe, self.run
        return replace(recipe, preview_every=run.preview_every) if run else recipe
