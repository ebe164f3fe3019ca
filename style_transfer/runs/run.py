"""Run: one job with its newest frame, its history and its outcome, steered and watched."""

import contextvars
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace

from style_transfer.engine import Frame, State
from style_transfer.runs.broadcast import Broadcast
from style_transfer.runs.executor import Executor, Job
from style_transfer.runs.free_memory import release_caches
from style_transfer.runs.history import LossHistory
from style_transfer.runs.outcome import (
    FINISHED,
    OUT_OF_MEMORY,
    SETTLED,
    STOPPED,
    UNWATCHED,
    Budget,
    Outcome,
    outcome_of,
)
from style_transfer.runs.pace import Pace
from style_transfer.runs.settling import Settling
from style_transfer.runs.steering import Lasting, OnChange, Steered, Steering

PATIENCE = 20.0  # s; a run that nobody has watched for so long ends
THREAD_NAME = "run"

_log = logging.getLogger(__name__)


class Run(Steered):
    """A job that is computed by an executor and followed by a thread.

    Assign to `settings` to steer it, to `styles` and `content` to replace pictures; iterate over
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
        lasting: Lasting | None = None,
        budget: Budget | None = None,
        on_change: OnChange | None = None,
        on_frame: Callable[["Run"], None] | None = None,
        on_end: Callable[["Run"], None] | None = None,
    ) -> None:
        """Start. Every `preview_every`-th frame wakes the watchers; the log has the `number`.

        `on_change` is called with the job as it would be, and may raise ValueError to refuse it.
        `on_frame` is called after each frame and `on_end` when there is an outcome, both in the
        run's thread. Raises ValueError, one sentence, for a job that cannot be computed.
        """
        job.check(job.settings, job.styles)
        lasting = lasting or Lasting()
        steering = Steering(job, executor.start, preview_every, lasting, on_change)
        super().__init__(Broadcast(), steering)
        self.losses: LossHistory = []
        self.outcome: Outcome | None = None
        self.state: State | None = job.state  # the newest, to continue from
        self.number, self._execution = number, steering.execution
        self._pace, self._budget = Pace(executor), budget or Budget()
        self._on_frame, self._on_end = on_frame, on_end
        self._settling = Settling() if lasting.settles else None
        self._paused = self._stopped = False
        self._began = time.monotonic()
        _log.info("Run %d begins: %s, %d steps.", number, self._size_words, self.planned.steps)
        context = contextvars.copy_context()  # a hosting platform may know the visitor by it
        self._thread = threading.Thread(
            target=context.run, args=(self._work,), name=THREAD_NAME, daemon=True
        )
        self._thread.start()

    @property
    def frame(self) -> Frame | None:
        """The newest frame, None before the first. Its state lacks the optimiser's memory."""
        return self._broadcast.frame

    @property
    def paused(self) -> bool:
        """Whether the run waits for resume()."""
        return self._paused and not self.ended

    @property
    def stopping(self) -> bool:
        """Whether the step under way is the last one, because of stop()."""
        return self._stopped and not self.ended

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
        return self._pace.steps_per_second

    @property
    def seconds_left(self) -> float | None:
        """How long the rest will take at the present speed; None before the first frame."""
        return self._pace.seconds_left(self.frame, self.planned.steps)

    def pause(self) -> None:
        """Make no further step until resume(); the step under way is finished."""
        self._set_paused(True)

    def resume(self) -> None:
        """Go on after pause()."""
        self._set_paused(False)

    def stop(self) -> None:
        """End after the step under way. Returns at once; the newest frame stays."""
        with self._broadcast.changed:
            self._stopped = True
            self._broadcast.notify()
        self._execution.stop()

    def abandon(self, outcome: Outcome) -> None:
        """End at once, for this reason, unless it has ended; the step under way is left."""
        with self._broadcast.changed:
            if not self._broadcast.ended:
                self.outcome, self._broadcast.ended = outcome, True
                self._broadcast.notify()
                self._log_end(outcome)  # the process may not wait for the step under way
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

    def newest(self) -> tuple[int, Frame | None]:
        """Return the newest frame for watchers, and a number that grows with each, run by run."""
        return self._broadcast.newest()

    def listening(self, listener: Callable[[], None]) -> AbstractContextManager[None]:
        """Call `listener`, which must return at once, whenever there may be a newer frame."""
        return self._broadcast.listening(listener)

    def _work(self) -> None:
        outcome = FINISHED
        try:
            outcome = self._follow()
        except BaseException as error:  # whatever it is, watchers must hear of the end
            step = self.frame.step + 1 if self.frame else 0
            outcome = outcome_of(error, step, self._steering.job.size)
            if outcome.word == "fault":
                _log.exception("Run %d met a fault of the program.", self.number)
        finally:
            if outcome.word == OUT_OF_MEMORY:  # others may need what it took
                release_caches()
            self.abandon(outcome)  # unless that was done
            if self._on_end:
                self._on_end(self)

    def _log_end(self, outcome: Outcome) -> None:
        step, seconds = self.frame.step if self.frame else 0, time.monotonic() - self._began
        words = self.number, seconds, self._size_words, step, outcome.word
        place = self._execution.place
        _log.info("Run %d ends after %.1f s: %s, step %d, %s, on %s.", *words, place)

    def _follow(self) -> Outcome:
        """Take the frames of the execution as they come; return why they ended."""
        outcome = None
        began = time.perf_counter()  # waiting for other runs belongs to the time of a step
        for frame in self._execution.frames():
            if frame is not None:
                self._publish(frame, time.perf_counter() - began)
                if self._on_frame:
                    self._on_frame(self)
                self._pace.begin(frame, self._steering.planned)
            if outcome is None:
                outcome = self._reason_to_end(frame)
                if outcome:
                    self._execution.stop()
            began = time.perf_counter()
        return outcome or (STOPPED if self._stopped else FINISHED)

    def _reason_to_end(self, frame: Frame | None) -> Outcome | None:
        """Return why no further step is to be made after `frame`, None where nothing speaks."""
        if time.monotonic() - self._broadcast.watched_at >= PATIENCE:
            return UNWATCHED
        if frame is not None and self._settling and self._settling.add(frame):
            changes = self.changes
            if not changes or changes[-1].step <= frame.step:  # or it must act first
                return SETTLED
        spent = self._budget.spend(self._paused)
        return None if frame is not None and frame.step >= self.planned.steps else spent

    def _publish(self, frame: Frame, seconds: float) -> None:
        with self._broadcast.changed:
            if frame.whole:
                self.state = frame.state
            # Watchers keep frames for long: without the optimiser's memory, many times the image.
            shown = replace(frame, state=replace(frame.state, memory=(), good=None))
            if not frame.losses and self.losses and self.losses[-1][0] == frame.step:
                shown = replace(shown, losses=self.losses[-1][1])  # of a stroke; no step was made
            self._broadcast.frame = shown.with_colors(self.settings.keep_colors)
            if frame.losses:
                self.losses += [*frame.skipped, (frame.step, frame.losses)]
            self._pace.add(frame, seconds)
            shows = frame.step % self.preview_every <= len(frame.skipped)
            if shows or not frame.losses:
                self._broadcast.notify()

    @property
    def _size_words(self) -> str:
        height, width = self._steering.job.size
        return f"{width} x {height}"

    def _set_paused(self, paused: bool) -> None:
        with self._broadcast.changed:  # both at once: another thread may do the opposite
            if paused:
                self._execution.pause()
            else:
                self._execution.resume()
            self._paused = paused
            self._broadcast.notify()
