"""What is told of a film while it is painted, and what became of it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from style_transfer.engine import Frame


@dataclass(frozen=True)
class PaintedFilm:
    """What became of a film."""

    status: str  # PAINTED, SKIPPED, INTERRUPTED or DIVERGED, as of pictures
    place: Path | None  # where it is, as far as it is painted; None where it is nowhere
    frames: int = 0  # that are painted
    count: int = 0  # frames of the film
    message: str = ""  # a sentence on what went wrong, or is missing
    seconds: float = 0.0


class FilmWatch(Protocol):
    """Who is told how a film comes on."""

    def begin(self, painted: int, count: int) -> None:
        """Take notice of a film of `count` frames, some of which may be painted already."""

    def step(self, number: int, frame: Frame, steps_left: int) -> None:
        """Take notice of a step in frame `number`, from 0; steps are left in all frames together.

        KeyboardInterrupt raised here, or anywhere in the run, ends it with the film so far.
        """

    def finish(self) -> None:
        """Raise nothing any more, since the film is going to be saved."""


class Unwatched:
    """A watch that takes no notice."""

    def begin(self, painted: int, count: int) -> None:
        pass

    def step(self, number: int, frame: Frame, steps_left: int) -> None:
        pass

    def finish(self) -> None:
        pass
