"""What is seen of the pictures while they are painted: progress bars and sentences."""

from pathlib import Path

from tqdm import tqdm

from style_transfer.batch import Painted, PictureJob
from style_transfer.cli.console import complain
from style_transfer.cli.log import StepLog
from style_transfer.engine import Frame
from style_transfer.interruption import Interruption
from style_transfer.runs import Estimate, RunClock

BAR_FORMAT = "{percentage:3.0f}%|{bar}|{desc}"


class Reporter:
    """A bar for the picture that is painted, of several pictures one for all, and the log."""

    def __init__(self, count: int, log: Path | None, interruption: Interruption) -> None:
        """Raises ValueError, one sentence, where the log cannot be written."""
        self._count, self._log, self._interruption = count, StepLog(log), interruption
        self._all = _bar_of_pictures(count) if count > 1 else None
        self._bar: tqdm | None = None
        self._picture = ""
        self._last = 0.0

    def close(self) -> None:
        """End the bars and the log."""
        self._close_bar()
        if self._all is not None:
            self._all.close()
        self._log.close()

    def begin(self, job: PictureJob, first: Frame, clock: RunClock, estimate: Estimate) -> None:
        """Show the bar of a picture."""
        self._log.begin()
        self._clock, self._last = clock, 0.0
        self._picture = job.output.name if self._count > 1 else ""
        # A bar of seconds, not steps: those of the last scale take most of the time.
        several = self._all is not None
        self._bar = tqdm(
            total=estimate.seconds, bar_format=BAR_FORMAT, position=int(several), leave=not several
        )
        self._bar.set_description_str(f" {estimate}")

    def step(self, frame: Frame, seconds: float) -> None:
        """Move the bar. Raises KeyboardInterrupt after one that was dropped on the way."""
        if self._interruption.noticed:
            raise KeyboardInterrupt
        assert self._bar is not None
        self._log.add(frame, seconds, {"picture": self._picture} if self._picture else {})
        self._clock.add(frame, seconds - self._last)
        self._last = seconds
        left = self._clock.seconds_left(frame.step, frame.settings.steps)
        self._bar.total, self._bar.n = seconds + left, seconds
        self._bar.set_description_str(_words(frame, left, self._picture))

    def finish(self) -> None:
        """Let no signal end what follows: the picture is saved."""
        self._interruption.only_notice()

    def tell(self, sentence: str) -> None:
        """Write a sentence above the bars."""
        complain(sentence)

    def painted(self, painted: Painted) -> None:
        """Go on to the next picture, or stop after a signal that came while this one was saved."""
        self._close_bar()
        if self._all is not None:
            self._all.update()
        if painted.message and painted.frame is not None:
            complain(painted.message)

    def go_on(self) -> None:
        """Let signals end the next picture. Raises KeyboardInterrupt after one since `finish`."""
        if self._interruption.noticed:
            raise KeyboardInterrupt
        self._interruption.raise_again()

    def _close_bar(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def _bar_of_pictures(count: int) -> tqdm:
    return tqdm(total=count, bar_format="{n_fmt} of {total_fmt}|{bar}|{desc}")


def _words(frame: Frame, seconds_left: float, picture: str) -> str:
    losses = ", ".join(f"{name} {frame.losses[name]:.3g}" for name in ("content", "style"))
    words = f" step {frame.step} of {frame.settings.steps}, {losses}, {seconds_left:.0f} s left"
    return f" {picture}:{words}" if picture else words
