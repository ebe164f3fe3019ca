"""Run: one job with its newest frame, its history and its outcome, steered and watched."""

import contextvars
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from style_transfer.engine import Frame, State, Styles
from style_transfer.runs.broadcast import Broadcast
from style_transfer.runs.cost_model import RunClock
from style_transfer.runs.executor import Executor, Job
from style_transfer.runs.history import LossHistory, SettingsHistory
from style_transfer.runs.memory import release_caches
from style_transfer.runs.outcome import (
    FINISHED,
    OUT_OF_MEMORY,
    STOPPED,
    UNWATCHED,
    Budget,
    Outcome,
    outcome_of,
)
from style_transfer.settings import Settings

PATIENCE = 20.0  # s; a run that nobody has watched for so long ends
THREAD_NAME = "run"

_log = logging.getLogger(__name__)


class Run:
    """A job that is computed by an executor and followed by a thread.

    Assign to `settings` to steer it, to `styles` to replace style images and masks; iterate over
    `frames()` to watch it. It ends by itself when its steps are made, when its budget is used up,
    and when nobody has watched it for PATIENCE seconds.
    """

    def __init__(
        self,
        job: Job,
        executor: Executor,
        *,
        number: int = 0,
        preview_every: int = 1,
        budget: Budget | None = None,
        on_change: Callable[[Job], None] | None = None,
        on_frame: Callable[["Run"], None] | None = None,
        on_end: Callable[["Run"], None] | None = None,
    ) -> None:
        """Start. Every `preview_every`-th frame wakes the watchers; the log has the `number`.

        `on_change` is called with the job as it would be, and may raise ValueError to refuse other
        settings or styles. `on_frame` is called after each frame and `on_end` when there is an
        outcome, both in the run's thread. Raises ValueError, one sentence, for a job that cannot be
        computed.
        """
        job.check(job.settings, job.styles)
        self.changes = SettingsHistory()
        self.losses: LossHistory = []
        self.outcome: Outcome | None = None
        self.state: State | None = job.state  # the newest, to continue from
        self._job, self._executor = replace(job, state=None), executor
        self._settings, self._styles, self._preview_every = job.settings, job.styles, preview_every
        self.number, self._budget = number, budget or Budget()
        self._on_change, self._on_frame, self._on_end = on_change, on_frame, on_end
        self._broadcast = Broadcast()
        self._clock: RunClock | None = None  # from the first frame on
        self._paused = self._stopped = False
        self._execution = executor.start(job)
        _log.info("Run %d begins: %s, %d steps.", number, self._size_words, job.settings.steps)
        context = contextvars.copy_context()  # a hosting platform may know the visitor by it
        self._thread = threading.Thread(
            target=context.run, args=(self._work,), name=THREAD_NAME, daemon=True
        )
        self._thread.start()

    @property
    def settings(self) -> Settings:
        """The settings of the next step. Setting them may raise ValueError: see `__init__`."""
        return self._settings

    @settings.setter
    def settings(self, settings: Settings) -> None:
        with self._broadcast.changed:
            self._check(settings, self._styles)
            step = self._execution.update(settings, self._styles)
            self.changes.record(step, self._settings, settings)
            self._settings = settings
            if self.frame:
                self._broadcast.frame = self.frame.with_colors(settings.keep_colors)
            self._broadcast.notify()

    @property
    def styles(self) -> Styles:
        """The styles of the next step. Setting them may raise ValueError: see `__init__`."""
        return self._styles

    @styles.setter
    def styles(self, styles: Styles) -> None:
        with self._broadcast.changed:
            self._check(self._settings, styles)
            self._record(self._styles.describe_change(styles), styles)
            self._styles = styles
            self._broadcast.notify()

    @property
    def preview_every(self) -> int:
        """How many steps lie between two frames that wake the watchers."""
        return self._preview_every

    @preview_every.setter
    def preview_every(self, steps: int) -> None:
        with self._broadcast.changed:
            if steps != self._preview_every:
                self._record(f"a preview every {steps} steps", self._styles)
            self._preview_every = steps

    @property
    def frame(self) -> Frame | None:
        """The newest frame, None before the first. Its state lacks the optimiser's memory."""
        return self._broadcast.frame

    @property
    def paused(self) -> bool:
        """Whether the run waits for resume()."""
        return self._paused and not self.ended

    @property
    def ended(self) -> bool:
        """Whether no further step will be made."""
        return self._broadcast.ended

    @property
    def error(self) -> Exception | None:
        """What ended the run, if neither its steps nor stop() did; its text is a sentence."""
        return self.outcome.error if self.outcome else None

    @property
    def steps_per_second(self) -> float:
        """The speed of the last steps, those of other runs between included; 0 before the first."""
        return self._clock.steps_per_second if self._clock else 0.0

    @property
    def seconds_left(self) -> float | None:
        """How long the rest will take at the present speed; None before the first frame."""
        frame, clock = self.frame, self._clock
        if frame is None or clock is None:
            return None
        return clock.seconds_left(frame.step, self.settings.steps)

    def pause(self) -> None:
        """Make no further step until resume(); the step under way is finished."""
        self._execution.pause()
        self._set_paused(True)

    def resume(self) -> None:
        """Go on after pause()."""
        self._execution.resume()
        self._set_paused(False)

    def stop(self) -> None:
        """End after the step under way. Returns at once; the newest frame stays."""
        self._stopped = True
        self._execution.stop()

    def abandon(self, outcome: Outcome) -> None:
        """End at once, for this reason, unless it has ended; the step under way is left."""
        with self._broadcast.changed:
            if not self._broadcast.ended:
                self.outcome, self._broadcast.ended = outcome, True
                self._broadcast.notify()
        self.stop()

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the run to end, at most `timeout` seconds; return whether it has."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def frames(self) -> Iterator[Frame | None]:
        """Yield the newest frame whenever there is one, and at least every HEARTBEAT seconds.

        Frames that nobody fetched in time are left out. Ends with the last frame of the run.
        """
        return self._broadcast.frames()

    def _work(self) -> None:
        outcome, began = FINISHED, time.monotonic()
        try:
            outcome = self._follow()
        except BaseException as error:  # whatever it is, watchers must hear of the end
            step = self.state.step + 1 if self.state else 0
            outcome = outcome_of(error, step, self._job.size)
            if outcome.word == "fault":
                _log.exception("Run %d met a fault of the program.", self.number)
        finally:
            if outcome.word == OUT_OF_MEMORY:  # others may need what it took
                release_caches()
            self.abandon(outcome)  # unless that was done
            outcome = self.outcome or outcome
            step, seconds = self.frame.step if self.frame else 0, time.monotonic() - began
            words = self.number, seconds, self._size_words, step, outcome.word
            _log.info("Run %d ends after %.1f s: %s, step %d, %s.", *words)
            if self._on_end:
                self._on_end(self)

    def _follow(self) -> Outcome:
        """Take the frames of the execution as they come; return why they ended."""
        outcome = None
        began = time.perf_counter()  # waiting for other runs belongs to the time of a step
        for frame in self._execution.frames():
            if frame is not None:
                self._publish(frame, time.perf_counter() - began)
                if self._on_frame:
                    self._on_frame(self)
                if self._clock is None and frame.step < self.settings.steps:
                    # After the first frame, so that nobody waits for the measurement to see it.
                    cost_model = self._executor.cost_model(self._job.network, self.settings)
                    self._clock = RunClock(cost_model, frame)
            if outcome is None:
                unwatched = time.monotonic() - self._broadcast.watched_at >= PATIENCE
                outcome = UNWATCHED if unwatched else self._budget.spend(self._paused)
                if outcome:
                    self._execution.stop()
            began = time.perf_counter()
        return outcome or (STOPPED if self._stopped else FINISHED)

    def _publish(self, frame: Frame, seconds: float) -> None:
        with self._broadcast.changed:
            self.state = frame.state
            # Watchers keep frames for long: without the optimiser's memory, many times the image.
            shown = replace(frame, state=replace(frame.state, memory=(), good=None))
            self._broadcast.frame = shown.with_colors(self._settings.keep_colors)
            if frame.losses:
                self.losses.append((frame.step, frame.losses))
                if self._clock:
                    self._clock.add(frame, seconds)
            if frame.step % self._preview_every == 0:
                self._broadcast.notify()

    @property
    def _size_words(self) -> str:
        height, width = self._job.size
        return f"{width} x {height}"

    def _check(self, settings: Settings, styles: Styles) -> None:
        """Raise ValueError where the run cannot go on with these.

        To be called with `changed` held, or two changes, each possible alone, could pass together.
        """
        self._job.check(settings, styles)
        if self._on_change:
            self._on_change(replace(self._job, settings=settings, styles=styles))

    def _record(self, words: str, styles: Styles) -> None:
        """Record a change of something beside the settings; `styles` act from then on."""
        step = self._execution.update(self._settings, styles)
        self.changes.record(step, self._settings, self._settings, words)

    def _set_paused(self, paused: bool) -> None:
        with self._broadcast.changed:
            self._paused = paused
            self._broadcast.notify()
