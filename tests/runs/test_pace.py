"""How fast a run goes, by frames whose times are told."""

from dataclasses import replace

import pytest
import torch

from style_transfer.engine import Frame, State, Styles, stages
from style_transfer.runs.cost_model import CostModel
from style_transfer.runs.executor import Job
from style_transfer.runs.pace import Pace
from style_transfer.settings import Settings
from tests.runs.fake_executor import FakeExecutor

SETTINGS = Settings(steps=9, large_forms=0)


class Executor(FakeExecutor):
    """Notes for what it was asked how long steps take: 2 s each, whatever their size."""

    def __init__(self):
        super().__init__()
        self.asked = []

    def cost_model(self, *asked, **_):
        self.asked.append(asked)
        return CostModel(seconds_per_step=2.0, seconds_per_pixel=0.0)


@pytest.fixture
def executor():
    return Executor()


@pytest.fixture
def pace(executor):
    return Pace(executor)


@pytest.fixture
def job(photo, painting):
    return Job(photo, Styles((painting,)), SETTINGS)


def frame(step, side=48, **others):
    """A frame of a run in one stage."""
    image = torch.zeros((1, 3, side, side))
    losses = {"total": 1.0} if step else {}
    made = Frame(step, image, losses, SETTINGS, State(step, 0, image), image, True)
    return replace(made, **others)


def test_nothing_is_known_before_the_first_frame_and_the_cost_model_tells_after_it(
    pace, executor, job
):
    assert pace.steps_per_second == 0
    assert pace.seconds_left(frame(0), 9) is None
    pace.begin(frame(0), job)
    assert executor.asked == [(job.network, SETTINGS)]
    assert pace.seconds_left(None, 9) is None
    cost = CostModel(2.0, 0.0, settings=SETTINGS)
    assert pace.seconds_left(frame(0), 9) == cost.remaining_seconds(stages((48, 48)), 0, 9)
    assert pace.steps_per_second == 0


def test_the_time_of_a_frame_is_that_of_all_steps_since_the_one_before(pace, job):
    pace.begin(frame(0), job)
    pace.add(frame(1), 60.0)  # which enters its stage, and tells nothing
    pace.add(frame(4, skipped=((2, {}), (3, {}))), 12.0)
    assert pace.steps_per_second == pytest.approx(1 / 4)
    assert pace.seconds_left(frame(4), 9) == pytest.approx(5 * 4, rel=0.05)


def test_a_frame_that_shows_a_stroke_alone_is_no_step(pace, job):
    pace.begin(frame(0), job)
    for step, seconds in ((1, 60.0), (2, 4.0)):
        pace.add(frame(step), seconds)
    pace.add(frame(2, losses={}), 60.0)
    assert pace.steps_per_second == pytest.approx(1 / 4)


def test_the_clock_begins_anew_with_the_first_frame_of_another_size(pace, executor, job):
    for step in range(3):
        pace.add(frame(step), 4.0)
        pace.begin(frame(step), job)
    assert pace.steps_per_second == pytest.approx(1 / 4)
    assert len(executor.asked) == 1
    pace.add(frame(3, side=64), 60.0)
    assert pace.steps_per_second == pytest.approx(1 / 4)
    for step in range(3, 6):
        pace.begin(frame(step, side=64), job)
        pace.add(frame(step + 1, side=64), 8.0)
    assert pace.steps_per_second == pytest.approx(1 / 8)
    assert len(executor.asked) == 2


def test_after_the_last_step_nothing_is_measured(pace, executor, job):
    pace.begin(frame(9), job)
    assert not executor.asked
    assert pace.seconds_left(frame(9), 9) is None


def test_a_run_goes_on_where_nothing_can_be_measured(executor, pace, job):
    def refuse(*asked, **_):
        executor.asked.append(asked)
        raise ValueError("No machine of the cluster had a place within 60 seconds.")

    executor.cost_model = refuse
    for step in range(3):
        pace.add(frame(step), 4.0)
        pace.begin(frame(step), job)
    assert pace.steps_per_second == 0
    assert pace.seconds_left(frame(2), 9) is None
    assert len(executor.asked) == 1


def test_speed_and_time_left_can_be_asked_for_while_another_size_begins(pace, job):
    class Beginning(Pace):
        """One whose clock is gone when it is read a second time."""

        clocks: list

        @property
        def _clock(self):
            return self.clocks.pop() if self.clocks else None

    for step in range(3):
        pace.begin(frame(step), job)
        pace.add(frame(step), 4.0)
    clock = pace._clock
    pace.__class__ = Beginning
    pace.clocks = [clock]
    assert pace.steps_per_second == pytest.approx(1 / 4)
    pace.clocks = [clock]
    assert pace.seconds_left(frame(2), 9) == pytest.approx(7 * 4, rel=0.05)
