"""Outcome: why a run ended, as a word for the log and a sentence for whoever watches it."""

import time
from dataclasses import dataclass

from style_transfer.engine import DivergedError
from style_transfer.network import out_of_memory
from style_transfer.runs.memory import Size


@dataclass(frozen=True)
class Outcome:
    """A word such as "stopped", and what went wrong as an exception whose text is a sentence."""

    word: str
    error: Exception | None = None
    rests: bool = False  # whether its picture is kept, to go on from by a change


STOPPED, UNWATCHED = Outcome("stopped"), Outcome("nobody watched")
FINISHED = Outcome("finished", rests=True)
SETTLED = Outcome("settled", rests=True)  # further steps would change the picture no more
SERVER_ENDS = Outcome(
    "server ends",
    InterruptedError("The server is being ended; what a page was painting can be continued later."),
)
OUT_OF_MEMORY, OUT_OF_TIME = "out of memory", "out of time"  # the words of such outcomes


class InternalError(RuntimeError):
    """A bug ended the run; its traceback is in the log."""


class UnavailableError(RuntimeError):
    """No further step can be had now where the run is computed; its text is a sentence."""


def outcome_of(error: BaseException, step: int, size: Size) -> Outcome:
    """Return how an exception in step `step` ends a run at `size` (height, width).

    The outcome has a new exception without a traceback, which would hold the step's tensors.
    """
    if isinstance(error, DivergedError):
        return Outcome("diverged", DivergedError(str(error)))
    if isinstance(error, UnavailableError):
        return Outcome("unavailable", UnavailableError(str(error)), rests=True)
    if out_of_memory(error):
        sentence = (
            f"There was not enough memory for step {step} of a picture of {size[1]} x {size[0]} "
            "pixels; choose a smaller size."
        )
        return Outcome(OUT_OF_MEMORY, MemoryError(sentence))
    return Outcome("fault", InternalError(f"A fault of the program ended the run at step {step}."))


class Budget:
    """The time that a run may compute and may be paused; unlimited by default.

    While it computes it wins back what it was paused, second by second: somebody who resumes it for
    a moment now and then does not keep it for ever.
    """

    def __init__(self, seconds: float = float("inf"), paused: float = float("inf")) -> None:
        """Start counting; both in seconds. Pauses do not count as computing time."""
        self._seconds, self._paused = seconds, paused
        self._last, self._computed, self._rested = time.monotonic(), 0.0, 0.0

    def spend(self, paused: bool) -> Outcome | None:
        """Count the time since the last call as computing or as paused.

        Return how that ends the run, None if it may go on.
        """
        now = time.monotonic()
        passed, self._last = now - self._last, now
        if paused:
            self._rested += passed
            if self._rested > self._paused:
                words = f"The run was paused for {self._paused:g} seconds, which is the limit here."
                return Outcome("paused too long", TimeoutError(words), rests=True)
            return None
        self._rested = max(0.0, self._rested - passed)
        self._computed += passed
        if self._computed > self._seconds:
            words = f"The run has used its {self._seconds:g} seconds, which is the limit here."
            return Outcome(OUT_OF_TIME, TimeoutError(words))
        return None
