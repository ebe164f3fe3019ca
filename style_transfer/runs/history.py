"""Changes: what was moved while a run went on, and the step from which each of it acts."""

from dataclasses import dataclass

from style_transfer.settings import Settings, describe_change


@dataclass(frozen=True)
class Change:
    """Knobs that were moved between two steps, and the first step that is made with them."""

    step: int
    before: Settings
    after: Settings
    pictures: str = ""  # what else was changed, in words

    @property
    def words(self) -> str:
        """What was moved from where to where, "" if it was moved back in time."""
        return ", ".join(filter(None, (self.pictures, describe_change(self.before, self.after))))


class Changes(list[Change]):
    """The changes of a run, at most one for each step."""

    def note(self, step: int, before: Settings, after: Settings, pictures: str = "") -> None:
        """Note what acts from `step` on, together with what else was moved since the last step."""
        if self and self[-1].step == step:  # a slider that is still dragged
            last = self.pop()
            before, pictures = last.before, pictures or last.pictures
        if after != before or pictures:
            self.append(Change(step, before, after, pictures))
