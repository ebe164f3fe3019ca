"""RunRecord: a run as the page lists it, with its inputs, previews, losses and changes."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from torch import Tensor

from style_transfer.engine import (
    OPTIMIZERS,
    Frame,
    Stroke,
    equal_images,
    released,
    with_content,
)
from style_transfer.images import keep_colors
from style_transfer.recipe import Recipe
from style_transfer.runs import (
    TOUCHED,
    Checkpoint,
    CheckpointWriter,
    Job,
    Lasting,
    LossHistory,
    Run,
    SettingsHistory,
    describe_content,
)
from style_transfer.settings import Settings
from style_transfer.ui.session.kept_record import KeptRecord
from style_transfer.ui.session.rest import Rest
from style_transfer.ui.session.run_inputs import Origin, RunInputs
from style_transfer.ui.session.sent_strokes import SentStrokes
from style_transfer.ui.session.timeline import Preview, Timeline


class RunRecord(KeptRecord):
    """One entry of a page's list of runs: painted by one run after the other, between which it
    rests or is stopped."""

    def __init__(
        self, name: str, inputs: RunInputs, timeline: Timeline, losses: LossHistory | None = None
    ) -> None:
        """Begin without a run; `losses` are of steps that were made before, by another process."""
        super().__init__(inputs, losses or [])
        self.name, self.timeline = name, timeline
        self.has_rested = False  # at some time
        self.steps_after_change = 0
        self.strokes = SentStrokes()
        self._earlier_changes = SettingsHistory()

    @property
    def short_name(self) -> str:
        """Its name without what it began from."""
        return self.name.split(" from")[0]

    @property
    def changes(self) -> SettingsHistory:
        """What was changed between steps, oldest first."""
        return SettingsHistory(self._earlier_changes + (self.run.changes if self.run else []))

    @property
    def is_running(self) -> bool:
        """Whether steps are made, or will be after a pause."""
        return self.run is not None and not self.run.ended

    @property
    def previews(self) -> list[Preview]:
        """The previews in the order of their steps."""
        return self.timeline.previews

    @property
    def is_steered(self) -> bool:
        """Whether a change acts on its picture; at the end of a run also before that is noted."""
        return self.rests if self.rest else self.run is not None

    @property
    def settings(self) -> Settings:
        """The settings of the next step, or of the last one where there is no run."""
        if self.run and self.rest is None:  # also at its end, before that is noted
            return self.run.settings
        if self.rest:
            return self.rest.settings
        return self.previews[-1].settings if self.previews else self.inputs.recipe.settings

    @property
    def last_step(self) -> int:
        """The step at which the run will end, or has ended."""
        planned = self.run.planned if self.run and self.is_running else self.settings
        return max(planned.steps, self.last_frame.step if self.last_frame else 0)

    @property
    def is_changed(self) -> bool:
        """Whether something was changed at rest that is seen after further steps alone."""
        frame, rest = self.last_frame, self.rest
        return frame is not None and rest is not None and rest.wants_steps(frame)

    def lasting(self) -> Lasting:
        """Return for how long a run lasts that paints what was changed at rest."""
        frame, rest, more = self.last_frame, self.rest, self.steps_after_change
        other = frame is not None and rest is not None and rest.wants_other(frame)
        until = frame.step + more if frame and other else 0
        return Lasting(after_change=more, until=until, settles=True)

    def job(self, inputs: RunInputs | None = None) -> Job:
        """Return what goes on from the newest picture, by default with the inputs of now."""
        inputs, frame, state = inputs or self.inputs, self.last_frame, self.state
        if frame and state and not equal_images(frame.content, inputs.content):
            size = frame.content.shape[-2], frame.content.shape[-1]
            state = with_content(
                state, size, inputs.content, frame.from_content, inputs.styles, self.settings
            )
        return inputs.job(self.settings, state=state, strokes=self.strokes.all)

    def waking_job(self) -> Job:
        """Return the `job` of a run that moves the whole picture, unless new strokes bind it."""
        job = self.job()
        state = None if job.state is None else released(job.state, OPTIMIZERS[job.optimizer])
        return replace(job, state=state)

    def follow(self, run: Run) -> None:
        """Let `run` begin or continue this record."""
        changes, frame, rest = self.changes, self.last_frame, self.rest
        if frame and rest:
            changes.record(frame.step + 1, rest.before, run.settings, rest.words)
        self._earlier_losses, self._earlier_changes = self.losses, changes
        self.run, self.rest, self._kept = run, None, None

    def end(self, wakes: bool) -> None:
        """Take note that the run has ended; `wakes` says whether a change lets it go on."""
        if self.run and self.last_frame:
            self.rest = Rest.after(self.run, self.last_frame, wakes)
            self.has_rested = self.has_rested or wakes

    def steer(self, settings: Settings) -> None:
        """Use these settings from the next step on. Raises ValueError where that cannot be."""
        if self.run and self.rest is None:
            self.run.preview_every = self.preview_every
            self.run.steps_after_change = self.steps_after_change
            self.run.settings = settings
        elif self.rest and self.rest.wakes:
            self.job().check(settings, self.inputs.styles)
            self.rest.change(settings)

    @property
    def strokes_made(self) -> tuple[Stroke, ...]:
        """The strokes on its picture, and those that will be done before the next step."""
        return self.strokes.made(*self._strokes_done)

    def touch(self, strokes: Iterable[Stroke]) -> None:
        """Do strokes that are new by their number before the next step, and wake for it.

        Raises ValueError, one sentence, where there are too many, or of too many places.
        """
        new = self.strokes.new_among(strokes, at_rest=self.rest is not None)
        if not new:
            return
        # First, or a run that ends now would not leave them to the next.
        self.strokes = self.strokes.joined(new, *self._strokes_done)
        if self.run and self.rest is None:
            self.run.steps_after_change = self.steps_after_change
            self.run.touch(new)
        elif self.rest:
            self.rest.change(words=TOUCHED)

    def give_up(self) -> None:
        """Let no change wake it that has not come to a turn; strokes not done are forgotten."""
        if self.rest:
            self.rest.wanted = False
        self.strokes = self.strokes.without_due(*self._strokes_done)

    def stop(self) -> None:
        """Let no change wake it any more."""
        if self.rest:
            self.rest.wakes = False
        self.remove_checkpoint()

    def detach(self) -> None:
        """Let go of the run, whose optimiser memory is many times the image, and its checkpoint."""
        self.remove_checkpoint()
        self._kept = None
        if self.run:
            self.inputs = replace(self.inputs, recipe=self._as_changed(self.inputs.recipe))
            self._earlier_losses, self._earlier_changes = self.losses, self.changes
            self.run = None

    def add_frame(self, frame: Frame) -> None:
        """Store the newest frame and a preview of it. Raises OSError."""
        self.last_frame, origin = frame, self._origin_of(frame)
        newest = self.previews[-1] if self.previews else None
        if newest is None or not newest.shows(frame):
            self.timeline.add(frame, origin)
        elif newest.settings.keep_colors != frame.settings.keep_colors:
            self.recolor(newest, frame.settings.keep_colors)

    def image_of(self, preview: Preview) -> Tensor:
        """Return the picture of a preview in the colours of the style: exactly, where it is the
        newest, else as it is kept."""
        frame = self.last_frame
        return frame.stylized if frame and preview.shows(frame) else preview.image

    def recolor(self, preview: Preview, share: float) -> Preview:
        """Let a preview keep this share of the content image's colours, and return it."""
        if self.last_frame is not None and preview.shows(self.last_frame):
            self.last_frame = self.last_frame.with_colors(share)
            recolored = self.last_frame.picture  # on the device of the run, unlike the inputs
        else:
            recolored = keep_colors(preview.image, preview.content, share)
        return self.timeline.recolor(preview, recolored, share)

    def change_inputs(self, inputs: RunInputs, check: Callable[[Job], None], **knobs: Any) -> None:
        """Use other pictures from the next step on, and these values of knobs that go with them.

        Raises ValueError, one sentence, where they do not fit, and what `check` raises for a job
        that a change at rest would start; then nothing is changed.
        """
        if self.run and self.rest is None:
            self.run.use_pictures(inputs.content, inputs.styles, **knobs)
        elif self.rest and self.rest.wakes and self.last_frame:
            settings = replace(self.rest.settings, **knobs)
            check(replace(self.job(inputs), settings=settings))
            words = self.inputs.styles.describe_change(inputs.styles)
            self.rest.change(settings, words)
            self.rest.content = describe_content(self.last_frame.content, inputs.content)
        self.use_inputs(inputs)

    def bring_back(self, checkpoint: Checkpoint, writer: CheckpointWriter) -> None:
        """Let rest what was at rest when another page or process wrote `checkpoint`.

        Raises OSError where no preview can be kept.
        """
        self.checkpoint = writer
        self._kept, self.rest = checkpoint.state, Rest(checkpoint.recipe.settings, wakes=True)
        self.has_rested = True
        self.add_frame(checkpoint.frame)

    def recipe(self, preview: Preview) -> Recipe:
        """Return the recipe of a preview."""
        recipe = replace(self._as_changed(preview.origin.recipe), step=preview.step)
        return replace(recipe, settings=preview.settings, strokes=preview.strokes)

    @property
    def _strokes_done(self) -> tuple[tuple[Stroke, ...], int]:
        """The strokes in its picture, and the step of that."""
        done = self.state.strokes if self.state else ()
        return done, self.last_frame.step if self.last_frame else 0

    def _origin_of(self, frame: Frame) -> Origin:
        """Return what the newest frame was painted from; later ones show none before."""
        inputs = self.painted_from(frame)
        if inputs in self._former:
            self._former = self._former[self._former.index(inputs) :]
        else:
            self._former = ()
        return inputs.origin
