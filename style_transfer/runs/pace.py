"""Pace: how fast a run goes, and how long the rest of it will take."""

from contextlib import suppress

from style_transfer.engine import Frame
from style_transfer.runs.executor import Executor, Job
from style_transfer.runs.run_clock import RunClock


class Pace:
    """Times the steps of a run, from its first frame at a size on."""

    def __init__(self, executor: Executor) -> None:
        """Begin before the first frame."""
        self._executor = executor
        self._clock: RunClock | None = None
        self._size: object = None  # of the picture that `_clock` is of

    def add(self, frame: Frame, seconds: float) -> None:
        """Take a frame whose step, and those that it skipped, took so long."""
        if frame.losses and self._clock and frame.content.shape == self._size:
            self._clock.add(frame, seconds / (1 + len(frame.skipped)))

    def begin(self, frame: Frame, job: Job) -> None:
        """Begin to time steps of the size of `frame`, unless that was done.

        To be called when a frame was shown: it may wait for a measurement.
        """
        if frame.content.shape != self._size and frame.step < job.settings.steps:
            self._clock, self._size = None, frame.content.shape
            with suppress(ValueError):  # what would measure is gone: the time left is not told
                cost_model = self._executor.cost_model(job.network, job.settings)
                self._clock = RunClock(cost_model.of_run(job.settings, job.block), frame)

    @property
    def steps_per_second(self) -> float:
        """The speed of the last steps, those of other runs between included; 0 before the first."""
        clock = self._clock  # read once: the run's thread may begin to measure another size
        return clock.steps_per_second if clock else 0.0

    def seconds_left(self, frame: Frame | None, steps: int) -> float | None:
        """Return how long the steps after `frame` will take; None before the first frame."""
        clock = self._clock
        return clock.seconds_left(frame.step, steps) if frame and clock else None
