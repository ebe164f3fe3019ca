"""What a worker process does for a run: it makes steps until the run wants no more of them."""

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from style_transfer.engine import Frame, due
from style_transfer.runs.executor import Execution, Job
from style_transfer.runs.frame_message import FrameMessage
from style_transfer.runs.history import LossHistory
from style_transfer.runs.outcome import Outcome, outcome_of
from style_transfer.runs.run_folder import WorkerFolder

SHOWN_EVERY = 1 / 20  # s; between two messages, which cost time where steps are short
# s; what is lost with a worker. A state of a picture of 1024 px takes 350 MB and a second to write.
SAVED_EVERY = 8.0

_log = logging.getLogger(__name__)


def messages(
    path: Path, start: Callable[[Job], Execution], seconds_left: Callable[[], float]
) -> Iterator[FrameMessage | Outcome]:
    """Yield messages of the run whose folder is at `path`, the last one with its state saved.

    `start` begins the execution of a job. Ends when its steps are made, when it is told to, and
    where another step and saving the state would leave none of `seconds_left()`. What goes wrong in
    a step comes as the last item, an Outcome.
    """
    folder = WorkerFolder(path)
    size, call = folder.job.size, _Call(folder, seconds_left)
    try:
        yield from call.messages(start(folder.job))
    except Exception as error:  # a traceback cannot be sent
        if not path.exists():  # the run was given up
            return
        outcome = outcome_of(error, call.step + 1, size)
        if outcome.word == "fault":
            _log.exception("A step of a run met a fault of the program.")
        yield outcome


class _Call:
    """One call: the steps that are made until something ends it."""

    def __init__(self, folder: WorkerFolder, seconds_left: Callable[[], float]) -> None:
        self._folder, self._seconds_left = folder, seconds_left
        self._began, self._shown, self._saved = time.monotonic(), 0.0, 0.0
        self._saving = 0.0  # s that it took at most
        self._problem = ""  # why the last state was not saved
        self._skipped: LossHistory = []
        self.step = folder.job.state.step if folder.job.state else folder.job.step
        self._place = ""

    def messages(self, execution: Execution) -> Iterator[FrameMessage]:
        """Yield the messages of an execution."""
        folder, settings = self._folder, None  # the latter of the last message
        self._place = execution.place
        newest, pictures = None, 0  # frame that was sent without its state
        if folder.ended:
            execution.pause()
        frames, began = execution.frames(), time.monotonic()
        for frame in frames:
            taken = time.monotonic() - began
            if frame is None:  # told to end after a message
                if newest:
                    yield self._message(replace(newest, losses={}), pictures, self._save(newest))
                return
            self.step, pictures = frame.step, folder.pictures
            self._follow(execution)
            finished = frame.step >= folder.job.settings.steps
            touched = not due(folder.job.strokes, frame.state.strokes, frame.step)
            last = touched and (finished or folder.ended)
            last = last or self._seconds_left() < taken + 2 * self._saving
            saved = (last or self._is_due()) and self._save(frame)
            now, is_stroke = time.monotonic(), not frame.losses
            is_due = now - self._shown >= SHOWN_EVERY or frame.settings != settings
            if last or saved or is_due or is_stroke:
                self._shown, settings = now, frame.settings
                yield self._message(frame, pictures, saved, finished)
            else:
                self._skipped.append((frame.step, frame.losses))
            if last:
                if finished and touched:
                    next(frames, None)  # its end, which keeps what was measured for others
                return
            newest = None if saved else frame
            self._follow(execution)  # what came while the message was on its way
            began = time.monotonic()

    def _follow(self, execution: Execution) -> None:
        """Steer the execution by what has changed."""
        if (control := self._folder.control()) is not None:
            execution.update(self._folder.follow(control))
            if control.ended:
                execution.pause()
            else:
                execution.resume()

    def _message(
        self, frame: Frame, pictures: int, saved: bool, finished: bool = False
    ) -> FrameMessage:
        skipped, self._skipped = self._skipped, []
        return FrameMessage.of(
            frame,
            pictures=pictures,
            skipped=skipped,
            saved=saved,
            finished=finished,
            seconds=time.monotonic() - self._began,
            place=self._place,
        )

    def _is_due(self) -> bool:
        """Return whether a state is to be saved: the first, and one every SAVED_EVERY seconds."""
        return not self._saved or time.monotonic() - self._saved >= SAVED_EVERY

    def _save(self, frame: Frame) -> bool:
        """Save the state after a frame; return whether that was possible."""
        began, before, self._problem = time.monotonic(), self._problem, ""
        try:
            self._folder.save(frame.state)
        except OSError as error:  # a full disk: the run goes on from an older one, if need be
            self._problem = error.strerror or str(error)
            if not before:
                _log.warning("The state of a run cannot be saved: %s", self._problem)
        self._saved = time.monotonic()  # also where it failed, or each step would take that time
        self._saving = max(self._saving, self._saved - began)
        return not self._problem
