"""Painting: a picture of a batch, from its files to its file."""

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from style_transfer.batch.planning import STREAM, PictureJob
from style_transfer.batch.request import Request
from style_transfer.batch.sources import Sources
from style_transfer.batch.started import Size, StartedPicture
from style_transfer.checks import in_words
from style_transfer.engine import Frame, chosen_device
from style_transfer.images import COLOUR_SPACES, Exif, Export, check_output
from style_transfer.network import out_of_memory
from style_transfer.runs import (
    CostModel,
    Estimate,
    Executor,
    InternalError,
    RunClock,
    Scheduler,
    ThreadExecutor,
    UnavailableError,
    outcome_of,
)

# What a photo may have, for a try.
_ANY_EXIF: Exif = {0: {}}
_ANY_SPACE = COLOUR_SPACES["display-p3"]
PAINTED, SKIPPED, INTERRUPTED = "painted", "skipped", "interrupted"
DIVERGED, REFUSED = "diverged", "refused"


@dataclass(frozen=True)
class Painted:
    """What became of a job."""

    job: PictureJob
    status: str  # one of the words above
    place: Path | None = None  # where the picture is, None where there is none
    message: str = ""  # a sentence on what went wrong
    frame: Frame | None = None  # the last one, without the optimiser's memory
    seconds: float = 0.0

    @property
    def failed(self) -> bool:
        """Whether the picture is missing, elsewhere, or not what was asked for."""
        return self.status in (DIVERGED, REFUSED) or self.place != self.job.output


class Watch(Protocol):
    """Who is told how a picture comes on."""

    def begin(self, job: PictureJob, first: Frame, clock: RunClock, estimate: Estimate) -> None:
        """Take notice of a picture whose first frame is there."""

    def step(self, frame: Frame, seconds: float) -> None:
        """Take notice of a step, so many seconds after the begin.

        KeyboardInterrupt raised here, or anywhere in the run, ends it with the picture so far.
        """

    def finish(self) -> None:
        """Raise nothing any more, since the picture is going to be saved."""

    def tell(self, sentence: str) -> None:
        """Take notice of what was not as asked for, or went wrong in a step."""


class Painter:
    """Paints jobs as a request says, by an executor; several threads may let it do so at once."""

    def __init__(self, request: Request, executor: Executor | None = None) -> None:
        """Take the executor, by default one on the request's device in this process."""
        self._request, self._executor = request, executor
        self._sources = Sources()
        self._under_way = set[StartedPicture]()
        self._interrupted = False

    def interrupt(self) -> None:
        """End all pictures under way after the step that each is in; begin no others."""
        self._interrupted = True
        for started in list(self._under_way):
            started.stop()

    def _check(self, job: PictureJob) -> None:
        """Raise ValueError where a picture could not be written."""
        if job.output != STREAM:
            request = self._request
            space = COLOUR_SPACES.get(request.color_space, _ANY_SPACE)
            exif = _ANY_EXIF if request.keep_exif else None
            check_output(job.output, Export(request.depth, space, dpi=request.dpi, exif=exif))

    def paint(self, job: PictureJob, watch: Watch) -> Painted:
        """Paint a picture and save it; what goes wrong is in the answer.

        Where no step was made nothing is saved, since the file of before may be a better picture.
        Raises KeyboardInterrupt where that is by an interruption.
        """
        began = time.perf_counter()
        try:
            self._check(job)
            executor = self._executor_here()
            started = StartedPicture(job, self._request, self._sources, executor, self._cost_model)
            if started.note:
                watch.tell(started.note)
            watch.begin(job, started.first, started.clock, started.estimate)
        except Exception as error:
            words = _refusal(job, error)
            return Painted(job, REFUSED, message=words, seconds=time.perf_counter() - began)
        frame, status, message = started.first, INTERRUPTED, ""
        self._under_way.add(started)
        if self._interrupted:  # meanwhile
            started.stop()
        try:
            try:
                for frame in started.frames:
                    started.checkpoint(frame)
                    if frame.note:
                        watch.tell(frame.note)
                    if frame.losses:  # strokes make frames of their own, and no steps
                        watch.step(frame, time.perf_counter() - began)
                if frame.step >= job.settings.steps:
                    status = PAINTED
            finally:  # before any other handling: a signal that comes from here on raises nothing
                watch.finish()
        except KeyboardInterrupt:
            pass
        except Exception as error:
            size = frame.content.shape[-2], frame.content.shape[-1]
            message, status = sentence(error, frame.step + 1, size), DIVERGED
        finally:  # also where the program has a fault: hours may have gone into the picture
            self._under_way.remove(started)
            made = status == PAINTED or frame is not started.first
            place, words = started.save(frame) if made else (None, "")
        if status == INTERRUPTED and not made:
            raise KeyboardInterrupt
        started.leave(frame, finished=status == PAINTED)
        frame = replace(frame, state=frame.state.without_memory(), whole=False)  # some 25 images
        seconds = time.perf_counter() - began
        return Painted(job, status, place, " ".join((message, words)).strip(), frame, seconds)

    def _executor_here(self) -> Executor:
        if self._executor is None:
            device = chosen_device(self._request.device) if self._request.device else None
            self._executor = ThreadExecutor(Scheduler(), device=device)
        return self._executor

    def _cost_model(self, job: PictureJob, size: Size) -> CostModel:
        """Return how long steps take, measured once for all jobs that cost alike.

        Raises ValueError, one sentence, where that cannot be found out.
        """
        try:
            return self._executor_here().cost_model(self._request.network, job.settings)
        except ValueError:
            raise
        except Exception as error:
            raise ValueError(sentence(error, 1, size)) from None


def _refusal(job: PictureJob, error: Exception) -> str:
    """Return why a job cannot be started. Raises the error itself for a fault."""
    if isinstance(error, ValueError | OSError | UnavailableError):
        return in_words(error)
    if out_of_memory(error):
        return f"There is not enough memory to begin {job.output}; choose a smaller size."
    raise error


def sentence(error: Exception, step: int, size: tuple[int, int]) -> str:
    """Return what ended a run in a step at `size`. Raises the error itself for a fault."""
    outcome = outcome_of(error, step, size)
    if outcome.error is None or isinstance(outcome.error, InternalError):
        raise error
    return str(outcome.error)
