"""Rest: what a picture goes on with once its run has ended, by a change or by a button."""

from style_transfer.engine import Frame
from style_transfer.runs import Run
from style_transfer.settings import Settings


class Rest:
    """What was changed of a picture since its last run ended."""

    def __init__(self, settings: Settings, wakes: bool, words: str = "") -> None:
        """`settings` are those of the run; `wakes` says whether a change lets it go on."""
        self.settings = self.before = settings  # the former of the next step
        self.wakes = wakes
        self.content = ""  # how the content image differs from that of the picture, in words
        self._others = words  # what else was changed beside the settings
        self.wanted = True  # whether the newest change was not refused, nor its turn given up

    @property
    def words(self) -> str:
        """What was changed beside the settings."""
        return ", ".join(filter(None, (self.content, self._others)))

    @classmethod
    def after(cls, run: Run, frame: Frame, wakes: bool) -> "Rest":
        """Return the rest after a run that has ended with `frame`."""
        # A change may have come when the last step was under way.
        late = [each.other for each in run.changes if each.step > frame.step]
        return cls(run.settings, wakes, ", ".join(filter(None, late)))

    def change(self, settings: Settings | None = None, words: str = "") -> None:
        """Take note of other settings for the next step, or of something else, in words."""
        self.settings, self.wanted = settings or self.settings, True
        if words and words not in self._others:
            self._others = ", ".join(filter(None, (self._others, words)))

    def wants_steps(self, frame: Frame) -> bool:
        """Return whether something was changed that is seen after further steps alone."""
        steps = self.settings.steps
        longer = steps > frame.step and steps > self.before.steps
        return self.wakes and self.wanted and (longer or self.wants_other(frame))

    def wants_other(self, frame: Frame) -> bool:
        """Return whether something else is to be painted than in `frame`."""
        return self.settings.objective != frame.settings.objective or bool(self.words)
