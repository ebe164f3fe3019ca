"""SentStrokes: the strokes that a page sent for a picture, done or not yet."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from style_transfer.engine import Stroke, check_places, due, newest_number

MAX_POINTS = 100_000  # of a run; about 14 MB


@dataclass(frozen=True)
class SentStrokes:
    """The strokes of one picture, in the order of their numbers. A value."""

    all: tuple[Stroke, ...] = ()
    withdrawn: int = 0  # number of the newest stroke that was forgotten before it was done

    @property
    def newest(self) -> int:
        """The highest number of them, 0 for none."""
        return newest_number(self.all)

    def made(self, done: tuple[Stroke, ...], step: int) -> tuple[Stroke, ...]:
        """Return those `done` at `step`, and those that will be before the next one."""
        return (*done, *due(self.all, done, step))

    def new_among(self, strokes: Iterable[Stroke], at_rest: bool) -> tuple[Stroke, ...]:
        """Return those of `strokes` that are new by their number, as made `at_rest` or not."""
        newest = self.newest
        return tuple(replace(each, at_rest=at_rest) for each in strokes if each.number > newest)

    def joined(self, new: tuple[Stroke, ...], done: tuple[Stroke, ...], step: int) -> "SentStrokes":
        """Return them with new ones, where others are `done` at `step`.

        Raises ValueError, one sentence, where there are too many, or of too many places.
        """
        if sum(len(each.points) for each in self.all + new) > MAX_POINTS:
            raise ValueError(f"The strokes on a picture have at most {MAX_POINTS} points.")
        check_places((*self.made(done, step), *new))
        return replace(self, all=self.all + new)

    def without_due(self, done: tuple[Stroke, ...], step: int) -> "SentStrokes":
        """Return them without those that would be done before the next step."""
        refused = due(self.all, done, step)
        kept = tuple(each for each in self.all if each not in refused)
        return SentStrokes(kept, max(self.withdrawn, newest_number(refused)))
