"""Endings: why a run ends, as a word for the log and a sentence for whoever watches it."""

import time
from dataclasses import dataclass

import torch

from style_transfer.engine import DivergedError

PATIENCE = 20.0  # s; a run that nobody has watched for so long ends
_NO_MEMORY = ("not enough memory", "out of memory", "can't allocate")  # torch's words on a CPU


@dataclass(frozen=True)
class Ending:
    """A word such as "stopped", and what went wrong as an exception whose text is a sentence."""

    word: str
    error: Exception | None = None


FINISHED, STOPPED, UNWATCHED = Ending("finished"), Ending("stopped"), Ending("nobody watched")


class Fault(RuntimeError):  # noqa: N818 - of the program, not of who uses it
    """A bug ended the run; its traceback is in the log."""


def ending_of(error: BaseException, step: int) -> Ending:
    """Return how an exception in step `step` ends a run. Holds no tensors of the failed step."""
    if isinstance(error, DivergedError):
        return Ending("diverged", DivergedError(str(error)))
    if isinstance(error, MemoryError | torch.OutOfMemoryError) or (
        isinstance(error, RuntimeError) and any(words in str(error) for words in _NO_MEMORY)
    ):
        told = f"There was not enough memory for step {step}; a smaller size needs less."
        return Ending("out of memory", MemoryError(told))
    return Ending("fault", Fault(f"A fault of the program ended the run at step {step}."))


class Budget:
    """The time that a run may take, and may rest at a stretch; unlimited by default."""

    def __init__(self, seconds: float = float("inf"), paused: float = float("inf")) -> None:
        """Begin to count; both in seconds, pauses do not count as taken."""
        self._seconds, self._paused = seconds, paused
        self._last, self._taken, self._rested = time.monotonic(), 0.0, 0.0

    def spend(self, paused: bool) -> Ending | None:
        """Count the time since the last call as work or as rest; return how it ends the run."""
        now = time.monotonic()
        passed, self._last = now - self._last, now
        if paused:
            self._rested += passed
            if self._rested > self._paused:
                told = f"The run was paused for {self._paused:g} seconds, which is the limit here."
                return Ending("paused too long", TimeoutError(told))
            return None
        self._rested, self._taken = 0.0, self._taken + passed
        if self._taken > self._seconds:
            told = f"The run has used its {self._seconds:g} seconds, which is the limit here."
            return Ending("out of time", TimeoutError(told))
        return None
