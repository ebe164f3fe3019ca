"""History: the losses of a run and the changes of its settings, step by step."""

import re
from dataclasses import dataclass

from style_transfer.settings import Settings, describe_change

LossHistory = list[tuple[int, dict[str, float]]]  # step and losses, for each step made


@dataclass(frozen=True)
class SettingsChange:
    """What was changed between two steps, and the first step that is made with it."""

    step: int
    before: Settings
    after: Settings
    other: str = ""  # what was changed beside the settings, in words

    @property
    def description(self) -> str:
        """The change in words, "" if it was undone before a step was made with it."""
        return ", ".join(filter(None, (self.other, describe_change(self.before, self.after))))


class SettingsHistory(list[SettingsChange]):
    """The changes of a run, at most one for each step."""

    def record(self, step: int, before: Settings, after: Settings, other: str = "") -> None:
        """Record a change that acts from `step` on, merged with others that act from there."""
        at = len(self)
        if self and self[-1].step == step:  # e.g. a slider that is being dragged
            at -= 1
            before, other = self[at].before, _joined(self[at].other, other)
        is_change = after != before or other
        # At once: a run that reads it meanwhile must not miss the change before.
        self[at:] = [SettingsChange(step, before, after, other)] if is_change else []


def _joined(before: str, after: str) -> str:
    """Return the words of both changes, of those that differ in a number alone the later ones."""
    words = filter(None, f"{before}, {after}".split(", "))
    return ", ".join({re.sub(r"\d+", "", each).rstrip("s"): each for each in words}.values())
