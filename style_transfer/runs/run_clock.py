"""RunClock: the time that a run has left, by the cost model and by the run's own last steps."""

from collections import deque

from style_transfer.engine import Frame, stages
from style_transfer.runs.cost_model import CostModel

RECENT = 5  # steps that the present speed is judged by
PRIOR = 0.15  # s; weight of the cost model beside them: short steps tell little of long ones


class RunClock:
    """The time left of a run: the cost model's, corrected by the run's last steps."""

    def __init__(self, cost_model: CostModel, first: Frame) -> None:
        """Start the clock with the first frame of a run, whose own time does not count."""
        self._cost_model = cost_model
        self._plan = stages((first.content.shape[-2], first.content.shape[-1]))
        self._stage = first.state.stage if first.losses else -1  # the one entered last
        self._recent: deque[tuple[float, float]] = deque(maxlen=RECENT)  # seconds: true, modelled

    def add(self, frame: Frame, seconds: float) -> None:
        """Record the time that the step of `frame` took.

        The first one of a stage tells nothing of those to come: backends may be measured in it.
        """
        modelled = self._cost_model.step_seconds((frame.image.shape[-2], frame.image.shape[-1]))
        entered, self._stage = frame.state.stage != self._stage, frame.state.stage
        if not entered:
            self._recent.append((seconds, modelled))

    @property
    def steps_per_second(self) -> float:
        """The speed of the last steps, 0 before the first."""
        recent = tuple(self._recent)  # to which the run's thread adds meanwhile
        seconds = sum(seconds for seconds, _ in recent)
        return len(recent) / seconds if seconds else 0.0

    def seconds_left(self, step: int, steps: int) -> float:
        """Return the seconds that the run has left after `step` of `steps`."""
        true, modelled = (sum(each) for each in zip((PRIOR, PRIOR), *self._recent, strict=True))
        left = self._cost_model.remaining_seconds(self._plan, step, steps, self._stage)
        return left * true / modelled
