"""Steering: what a run is made with from its next step on, and what was changed of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor

from style_transfer.engine import Stroke, Styles, equal_images
from style_transfer.runs.broadcast import Broadcast
from style_transfer.runs.executor import Execution, Job
from style_transfer.runs.history import SettingsHistory
from style_transfer.settings import MAX_STEPS, Settings

OnChange = Callable[[Job], None]
TOUCHED = "brushwork"  # words for a change


def describe_content(before: Tensor, after: Tensor) -> str:
    """Return in words how a content image differs from the one before, "" if it does not."""
    if equal_images(before, after):
        return ""
    height, width = after.shape[-2:]
    resized = max(before.shape[-2:]) != max(height, width)
    return f"{width} x {height} pixels" if resized else "another photo"


@dataclass(frozen=True)
class Lasting:
    """How long a run lasts, beside the number of steps in its settings."""

    after_change: int = 0  # steps made at least after a change of what is optimised
    until: int = 0  # the step that it makes at least
    at_most: int = MAX_STEPS  # the step that neither of these goes beyond
    settles: bool = False  # whether it ends as soon as steps change its picture no more

    def until_after(self, step: int) -> int:
        """Return the step until which a change lasts that was made after `step`; 0 for none."""
        return step + self.after_change if self.after_change else 0

    def planned(self, settings: Settings) -> Settings:
        """Return the settings with all steps that will be made."""
        return replace(settings, steps=max(settings.steps, min(self.until, self.at_most)))


class Steering:
    """The job of a run as it is now. Whoever calls it holds the lock of the run."""

    def __init__(
        self,
        job: Job,
        start: Callable[[Job], Execution],
        preview_every: int,
        lasting: Lasting,
        on_change: OnChange | None,
    ) -> None:
        """Begin with the execution of `job` that `start` returns."""
        self.changes = SettingsHistory()
        self.preview_every, self.lasting = preview_every, lasting
        self.execution = start(replace(job, settings=lasting.planned(job.settings)))
        self.job = replace(job, state=None)  # whose memory would be held for the whole run
        self._on_change = on_change

    @property
    def planned(self) -> Job:
        """The job, with all steps that will be made in its settings."""
        return replace(self.job, settings=self.lasting.planned(self.job.settings))

    def change(self, job: Job, made: int, words: str = "") -> None:
        """Use settings, styles, content and strokes of `job` from the next step on.

        `words` are of what was changed beside the settings, `made` is the newest step. A change of
        what is optimised makes the run last; one of the number of steps is obeyed whatever was
        changed before.

        Raises ValueError, one sentence, where the run cannot go on with them. All at once, or two
        changes, each possible alone, could pass together.
        """
        job.check(job.settings, job.styles)
        if self._on_change:
            self._on_change(job)
        before, settings, until = self.job.settings, job.settings, self.lasting.until
        if settings.steps != before.steps:
            until = 0
        elif words or settings.objective != before.objective:
            until = max(until, self.lasting.until_after(made))
        self.job, self.lasting = job, replace(self.lasting, until=until)
        step = self.execution.update(self.planned)
        self.changes.record(step, before, settings, words)

    def change_preview_every(self, steps: int) -> None:
        """Let so many steps lie between two previews."""
        if steps != self.preview_every:
            step, settings = self.execution.update(self.planned), self.job.settings
            self.changes.record(step, settings, settings, f"a preview every {steps} steps")
        self.preview_every = steps


class Steered:
    """The part of a run that steers it. Setting what the next step is made with may raise
    ValueError, one sentence, and then changes nothing."""

    def __init__(self, broadcast: Broadcast, steering: Steering) -> None:
        """`broadcast` has the lock of the run."""
        self._broadcast, self._steering = broadcast, steering

    @property
    def steps_after_change(self) -> int:
        """How many steps are made at least after a change of what is optimised."""
        return self._steering.lasting.after_change

    @steps_after_change.setter
    def steps_after_change(self, steps: int) -> None:
        with self._broadcast.changed:
            self._steering.lasting = replace(self._steering.lasting, after_change=steps)

    @property
    def settings(self) -> Settings:
        """The settings of the next step."""
        return self._steering.job.settings

    @settings.setter
    def settings(self, settings: Settings) -> None:
        self._change(settings=settings)

    @property
    def planned(self) -> Settings:
        """The settings, with all steps that will be made."""
        return self._steering.planned.settings

    @property
    def styles(self) -> Styles:
        """The styles of the next step."""
        return self._steering.job.styles

    @styles.setter
    def styles(self, styles: Styles) -> None:
        self._change(self.styles.describe_change(styles), styles=styles)

    @property
    def content(self) -> Tensor:
        """The content image of the next step, (1, 3, H, W), at the size of the picture."""
        return self._steering.job.content

    @content.setter
    def content(self, content: Tensor) -> None:
        self.use_pictures(content, self.styles)

    def use_pictures(self, content: Tensor, styles: Styles, **knobs: Any) -> None:
        """Use other content and styles from the next step on, whose masks may fit it alone, and
        these values of knobs: those of before may not fit so many styles."""
        words = [describe_content(self.content, content), self.styles.describe_change(styles)]
        with self._broadcast.changed:
            settings = replace(self.settings, **knobs)
            change = ", ".join(filter(None, words))
            self._change(change, content=content, styles=styles, settings=settings)

    def touch(self, strokes: Sequence[Stroke]) -> None:
        """Do further strokes, numbered on, before the next step, and at once while paused.

        `frame.state.strokes` says which have been done.
        """
        with self._broadcast.changed:
            self._change(TOUCHED, strokes=(*self._steering.job.strokes, *strokes))

    @property
    def changes(self) -> SettingsHistory:
        """What was changed between steps, oldest first."""
        return self._steering.changes

    @property
    def preview_every(self) -> int:
        """How many steps lie between two frames that wake the watchers."""
        return self._steering.preview_every

    @preview_every.setter
    def preview_every(self, steps: int) -> None:
        with self._broadcast.changed:
            self._steering.change_preview_every(steps)

    def _change(self, words: str = "", **parts: Any) -> None:
        """Go on with other settings, styles or content; `words` are of the latter two."""
        with self._broadcast.changed:
            frame, job = self._broadcast.frame, replace(self._steering.job, **parts)
            self._steering.change(job, frame.step if frame else job.step, words)
            if frame:
                self._broadcast.frame = frame.with_colors(job.settings.keep_colors)
            self._broadcast.notify()
