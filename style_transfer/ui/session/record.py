"""Record: a run as the page keeps it, with what it was made from and every preview of it."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from torch import Tensor

from style_transfer.engine import Frame, State, Styles
from style_transfer.images import keep_colors
from style_transfer.recipe import Recipe
from style_transfer.runs import CheckpointWriter, LossHistory, Run, SettingsChange
from style_transfer.settings import Settings
from style_transfer.ui.session.timeline import Moment, Timeline


@dataclass(frozen=True)
class Source:
    """What a run is made from: its pictures, and all that cannot change while it goes on."""

    content: Tensor  # (1, 3, H, W), at the size asked for
    styles: Styles  # of these others may take the place during the run
    photo: Path  # a file that a browser can show
    recipe: Recipe  # names, size, seed, first image, optimiser, network

    @property
    def pictures(self) -> dict[str, Tensor]:
        """All that a run is made from beside numbers, by name."""
        return {"content": self.content} | self.styles.as_tensors()


class Record:
    """A run of this page, with its moments, losses and changes, during it and after it."""

    def __init__(
        self, name: str, source: Source, timeline: Timeline, curve: LossHistory | None = None
    ) -> None:
        """Begin without a step here; `curve` is of those that were made elsewhere."""
        self.name, self.source, self.timeline = name, source, timeline
        self.run: Run | None = None
        self.last: Frame | None = None  # the newest frame
        self.checkpoint: CheckpointWriter | None = None  # while a run goes on
        self._curve: LossHistory = curve or []  # of the runs before `run`, which went on after them
        self._changes: list[SettingsChange] = []

    @property
    def curve(self) -> LossHistory:
        """Step and losses of each step made."""
        return self._curve + (self.run.losses if self.run else [])

    @property
    def state(self) -> State | None:
        """What it can be continued from; without the optimiser's memory once it was put to rest."""
        if self.run and self.run.state:
            return self.run.state
        return self.last.state if self.last else None

    @property
    def changes(self) -> list[SettingsChange]:
        """The knobs that were moved."""
        return self._changes + (self.run.changes if self.run else [])

    @property
    def going(self) -> bool:
        """Whether it makes steps, or will after a pause."""
        return self.run is not None and not self.run.ended

    @property
    def moments(self) -> list[Moment]:
        """The previews from first to last."""
        return self.timeline.moments

    def follow(self, run: Run) -> None:
        """Let `run` go on with this record."""
        self._curve, self._changes, self.run = self.curve, self.changes, run

    def add(self, frame: Frame) -> None:
        """Keep a preview as the newest frame and as a moment."""
        self.last = frame
        newest = self.moments[-1] if self.moments else None
        if newest is None or newest.step != frame.step:
            self.timeline.add(frame)
        elif newest.settings.keep_colors != frame.settings.keep_colors:
            self.recolor(newest, frame.settings.keep_colors)

    def recolor(self, moment: Moment, kept: float) -> Moment:
        """Show a moment with so many of the photo's colours, and return it so."""
        picture = moment.picture
        if self.last is not None and self.last.step == moment.step:
            self.last = self.last.with_colors(kept)
            picture = self.last.stylized
        return self.timeline.recolor(moment, keep_colors(picture, self.source.content, kept), kept)

    def change_styles(self, styles: Styles, names: dict[str, Any]) -> None:
        """Let other paintings or regions act from the next step of its run on.

        Raises ValueError, one sentence, where they do not fit.
        """
        if self.run:
            self.run.styles = styles
        recipe = replace(self.source.recipe, **names)
        self.source = replace(self.source, styles=styles, recipe=recipe)
        if self.checkpoint:
            self.checkpoint.pictures = self.source.pictures

    def rest(self) -> None:
        """Give back the optimiser's memory, many times the picture's, as another run begins."""
        self.forget()
        if self.run:
            self.source = replace(self.source, recipe=self._recipe)
            self._curve, self._changes, self.run = self.curve, self.changes, None

    def keep(self, run: Run, at_once: bool = False) -> None:
        """Keep the newest state of `run` on disk, if the last time was long enough ago."""
        if self.checkpoint and run.state and (self.checkpoint.is_due() or at_once):
            recipe = replace(self._recipe, settings=run.settings)
            self.checkpoint.write(run.state, self._curve + run.losses, recipe)

    def forget(self) -> None:
        """Keep nothing more on disk of a run that ended before its visitor's eyes."""
        if self.checkpoint:
            self.checkpoint.remove()
        self.checkpoint = None

    def leave(self) -> None:
        """Leave the run on disk for a visitor who is gone, and may come back."""
        checkpoint = self.checkpoint
        if checkpoint and self.run:
            self.keep(self.run, at_once=True)
            checkpoint.leave()
        self.checkpoint = None

    def recipe(self, moment: Moment) -> Recipe:
        """Return what made a moment."""
        return replace(self._recipe, step=moment.step, settings=moment.settings)

    @property
    def _recipe(self) -> Recipe:
        """The source's, with what was moved in the run since."""
        recipe = self.source.recipe
        return replace(recipe, preview_every=self.run.preview_every) if self.run else recipe

    @property
    def settings(self) -> Settings:
        """The settings it aims at, or last aimed at."""
        if self.run:
            return self.run.settings
        return self.moments[-1].settings
