"""RemoteExecution: a job whose steps are made elsewhere, in one call or several.

A call makes steps from a state on, and ends with a newer state in the run's folder: when its steps
are made, when the run is paused or stopped, when its time is up, or because its worker died. Where
steps are left the next call goes on from there, as if nothing had happened.
"""

import contextvars
import logging
import time
from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import Protocol, TypeVar

from style_transfer.engine import Frame, State, due, is_from_content, with_content
from style_transfer.runs.executor import Job
from style_transfer.runs.frame_message import FrameMessage
from style_transfer.runs.outcome import Outcome, UnavailableError
from style_transfer.runs.run_folder import RunFolder
from style_transfer.runs.steered_execution import SteeredExecution

FRUITLESS_CALLS = 3  # so many in a row that show no further step end the run

T = TypeVar("T")

_log = logging.getLogger(__name__)


class WorkerLostError(RuntimeError):
    """The process that made the steps is gone."""


class Caller(Protocol):
    """Where calls go."""

    def call(
        self, job: Job, folder: RunFolder
    ) -> Generator[FrameMessage | Outcome | None, None, None]:
        """Yield what `worker.messages` does for the run in `folder`, which begins with `job`.

        And None now and then where that takes long, so that the run can be ended. Raises
        WorkerLostError, and UnavailableError where no call can be had.
        """
        ...


class RemoteExecution(SteeredExecution):
    """A job that a `Caller` has computed, see `Execution`."""

    def __init__(self, job: Job, caller: Caller) -> None:
        """Begin without a call."""
        super().__init__(job)
        self._caller, self._folder = caller, RunFolder()
        self._state, self._state_content = job.state, job.content  # what the next call begins with
        state = job.state
        self._shown = state.step if state else job.step - 1  # the newest step given out
        self._done = job.strokes_done  # those in frames given out
        self._is_whole = False  # whether its state was given out with it
        self.place, self._under_way = "nowhere", False
        self._unsent = False  # whether the worker knows less than is to be steered by
        self._read = self._shown  # step of the newest message, which may repeat one given out
        self._read_at, self._step_seconds = 0.0, 0.0
        self._context = contextvars.copy_context()  # tells a hosting platform whose call it is

    def frames(self) -> Iterator[Frame | None]:
        """Yield frames as they arrive; None at least every HEARTBEAT seconds while paused."""
        fruitless = 0
        try:
            while not self._stopped:
                if self._is_idle:
                    self._wait()
                    yield None
                    continue
                before = self._shown, len(self._done)
                finished = yield from self._call()
                if finished:
                    return
                fruitless = (
                    0 if (self._shown, len(self._done)) > before or self._paused else fruitless + 1
                )
                if fruitless == FRUITLESS_CALLS:
                    raise UnavailableError(
                        "The process that paints has ended several times without a step; "
                        "please try again later."
                    )
        finally:
            self._folder.remove()

    def update(self, job: Job) -> int:
        """Use settings, styles, content and strokes of `job` for all further steps.

        Return the number of the first step that will, by the time that steps take.
        """
        with self._changed:
            self._newest, self._context = replace(job, state=None), contextvars.copy_context()
            self._changed.notify_all()
            if not self._under_way:
                return self._shown + 1
            self._pass_on()
            if self._paused:
                return self._read + 1
            since = time.monotonic() - self._read_at
            unheard = int(since / self._step_seconds) if self._step_seconds else 0
            return self._read + 2 + unheard

    def resume(self) -> None:
        """Go on after pause(), in the context of the one who calls."""
        self._context = contextvars.copy_context()
        super().resume()

    def _pass_on(self) -> None:
        self._folder.stopped = self._stopped
        if not self._under_way:
            return
        try:
            self._folder.control(self._newest, self._paused or self._stopped)
        except OSError as error:  # of a full disk: it is tried again with each message
            if not self._unsent:
                _log.warning("A run cannot be steered for now: %s.", error.strerror or error)
            self._unsent = True
        else:
            self._unsent = False

    @property
    def _has_strokes(self) -> bool:
        return bool(due(self._newest.strokes, self._done, self._shown))

    def _call(self) -> Generator[Frame | None, None, bool]:
        """Yield the frames of one call; return whether all steps are made."""
        with self._changed:
            if self._stopped or self._is_idle:  # since `frames` looked
                return False
            job = replace(self._newest, state=self._state_for(self._newest))
            self._read, self._step_seconds = self._shown, 0.0
            try:
                self._folder.begin(job, self._paused)
            except OSError as error:
                raise UnavailableError(
                    "The files by which a run is handed on cannot be written "
                    f"({error.strerror or error}); please try again later."
                ) from None
            context, self._under_way, self._unsent = self._context, True, False
        last, seconds = None, 0.0
        try:
            for message in _within(context, self._caller.call(job, self._folder)):
                if self._unsent:
                    with self._changed:
                        self._pass_on()
                    if self._unsent and self._stopped:  # whoever makes steps misses the folder
                        return False
                if message is None:
                    yield None
                    continue
                if isinstance(message, Outcome):
                    assert message.error
                    raise message.error
                self._take_note(message, message.seconds - seconds)
                last, seconds = message, message.seconds
                yield self._frame(message)
        except WorkerLostError:
            return False
        finally:
            with self._changed:
                self._under_way = False
        finished = last is not None and last.finished
        return finished and self._read >= self._newest.settings.steps and not self._has_strokes

    def _state_for(self, job: Job) -> State | None:
        """Return the newest state, so that it goes on with the content image of `job`."""
        state, before = self._state, self._state_content
        if state is None or before is job.content:
            return state
        size = before.shape[-2], before.shape[-1]
        from_content, settings = is_from_content(job.init), job.settings
        return with_content(state, size, job.content, from_content, job.styles, settings)

    def _take_note(self, message: FrameMessage, seconds: float) -> None:
        """Remember when a message came, and how long each of its steps took."""
        with self._changed:
            steps, self._read = message.step - self._read, message.step
            self._read_at, self.place = time.monotonic(), message.place
            self._step_seconds = seconds / steps if steps > 0 else 0.0

    def _frame(self, message: FrameMessage) -> Frame | None:
        """Return the frame of a message, None for one that was given out before."""
        content, styles, base = self._folder.pictures(message.pictures)
        job = replace(self._newest, content=content, styles=styles)
        state = self._folder.state(message.strokes) if message.saved else None
        if state and state.step != message.step:  # a later one is there already
            state = None
        if state:
            self._state, self._state_content = state, content
        place, shown = (message.step, len(message.strokes)), (self._shown, len(self._done))
        if place < shown or (place == shown and (self._is_whole or state is None)):
            return None
        if place == shown:  # given out before, without its state
            message = replace(message, losses={}, skipped=[])
        self._is_whole = state is not None
        skipped = [each for each in message.skipped if each[0] > self._shown]
        self._shown, self._done = message.step, max(message.strokes, self._done, key=len)
        return replace(message, skipped=skipped).frame(job, base, state)


def _within(
    context: contextvars.Context, items: Generator[T, None, None]
) -> Generator[T, None, None]:
    """Yield from a generator whose code runs in a context."""
    try:
        while True:
            try:
                item = context.run(next, items)
            except StopIteration:
                return
            yield item
    finally:
        context.run(items.close)
