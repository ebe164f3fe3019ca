"""Steering: what a run is made with from its next step on, and what was changed of it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from torch import Tensor

from style_transfer.engine import Styles
from style_transfer.runs.broadcast import Broadcast
from style_transfer.runs.executor import Execution, Job
from style_transfer.runs.history import SettingsHistory
from style_transfer.settings import Settings

OnChange = Callable[[Job], None]


class Steering:
    """The job of a run as it is now. Whoever calls it holds the lock of the run."""

    def __init__(
        self, job: Job, execution: Execution, preview_every: int, on_change: OnChange | None
    ) -> None:
        """Begin with `job`, which the execution was given."""
        self.changes = SettingsHistory()
        self.job = replace(job, state=None)  # whose memory would be held for the whole run
        self.preview_every = preview_every
        self.lasts_until = 0  # the step that the run makes at least, whatever its settings say
        self._execution, self._on_change = execution, on_change

    @property
    def planned(self) -> Job:
        """The job, with all steps that will be made in its settings."""
        steps = max(self.job.settings.steps, self.lasts_until)
        return replace(self.job, settings=replace(self.job.settings, steps=steps))

    def change(self, job: Job, words: str = "", lasts_until: int = 0) -> None:
        """Use settings, styles and content of `job` from the next step on.

        `words` are of what was changed beside the settings. A change of the objective makes the run
        last until a step; one of the number of steps is obeyed whatever was changed before.

        Raises ValueError, one sentence, where the run cannot go on with them. All at once, or two
        changes, each possible alone, could pass together.
        """
        job.check(job.settings, job.styles)
        if self._on_change:
            self._on_change(job)
        before, settings = self.job.settings, job.settings
        if settings.steps != before.steps:
            self.lasts_until = 0
        if words or settings.objective != before.objective:
            self.lasts_until = max(self.lasts_until, lasts_until)
        self.job = job
        step = self._execution.update(self.planned)
        self.changes.record(step, before, settings, words)

    def change_preview_every(self, steps: int) -> None:
        """Let so many steps lie between two previews."""
        if steps != self.preview_every:
            step, settings = self._execution.update(self.planned), self.job.settings
            self.changes.record(step, settings, settings, f"a preview every {steps} steps")
        self.preview_every = steps


class Steered:
    """The part of a run that steers it. Setting what the next step is made with may raise
    ValueError, one sentence, and then changes nothing."""

    def __init__(self, broadcast: Broadcast, steering: Steering, steps_after_change: int) -> None:
        """`steps_after_change` are made at least after a change of what is optimised."""
        self.steps_after_change = steps_after_change
        self._broadcast, self._steering = broadcast, steering

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
        before, after = (tuple(each.shape[-2:]) for each in (self.content, content))
        words = f"{after[1]} x {after[0]} pixels" if before != after else "another photo"
        self._change(words, content=content)

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
            made = frame.step if frame else job.step
            more = self.steps_after_change
            self._steering.change(job, words, made + more if more else 0)
            if frame:
                self._broadcast.frame = frame.with_colors(job.settings.keep_colors)
            self._broadcast.notify()
