import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from style_transfer.engine import Frame, Stage, State, Styles, stages
from style_transfer.images import open_image, to_tensor
from style_transfer.runs import Limits, RunService
from style_transfer.runs.cost_model import ENTRY_STEPS, CostModel
from style_transfer.runs.executor import Job
from style_transfer.runs.run_clock import PRIOR, RunClock
from style_transfer.settings import Settings

ASSETS = Path(__file__).parents[2] / "assets"
PLAN = [Stage((10, 10), 0.5), Stage((20, 20), 0.5)]
COST = CostModel(seconds_per_step=1.0, seconds_per_pixel=0.01)  # 2 s for 10 x 10, 5 s for 20 x 20


def frame(side, stage, step=1):
    """A frame of a run that is painted in two stages, 10 x 10 and 20 x 20."""
    image = torch.zeros((1, 3, side, side))
    losses = {"total": 1.0} if step else {}
    photo = torch.zeros((1, 3, 20, 20))
    return Frame(step, image, losses, Settings(), State(step, stage, image), photo, True)


@pytest.fixture
def clock(monkeypatch):
    monkeypatch.setattr("style_transfer.runs.run_clock.stages", lambda _: PLAN)
    return RunClock(COST, frame(10, 0, step=0))


def test_the_time_left_follows_the_steps_that_were_made(clock):
    assert clock.steps_per_second == 0
    assert clock.seconds_left(0, 4) == COST.remaining_seconds(PLAN, 0, 4)
    clock.add(frame(10, 0), 60.0)  # the first step of its stage
    assert clock.seconds_left(1, 4) == COST.remaining_seconds(PLAN, 1, 4, stage=0)
    clock.add(frame(10, 0), 3.0)  # instead of 2
    slower = (PRIOR + 3) / (PRIOR + 2)
    assert clock.seconds_left(2, 4) == pytest.approx(slower * (2 + ENTRY_STEPS) * 5)
    assert clock.steps_per_second == pytest.approx(1 / 3)


def test_a_run_that_is_continued_has_entered_its_stage_already(monkeypatch):
    monkeypatch.setattr("style_transfer.runs.run_clock.stages", lambda _: PLAN)
    clock = RunClock(COST, frame(20, 1, step=3))
    clock.add(frame(20, 1, step=4), 5.0)
    assert clock.seconds_left(4, 6) == pytest.approx(2 * 5)


@pytest.mark.parametrize("fixed", [0.7, 1, 1.5])
@pytest.mark.parametrize("by_pixel", [0.85, 1, 1.15])
def test_after_two_steps_the_time_left_is_right_within_a_quarter(fixed, by_pixel):
    """On a machine whose cost of a step and of a pixel were measured a little wrong."""
    plan, steps = stages((256, 384)), 40
    measured, true = CostModel(0.02, 5e-6), CostModel(0.02 * fixed, 5e-6 * by_pixel)
    photo = torch.zeros((1, 3, 256, 384))
    image = torch.zeros((1, 3, *plan[0].size))
    first = Frame(0, image, {}, Settings(), State(0, 0, image), photo, True)
    clock = RunClock(measured, first)
    for step in range(2):
        clock.add(first, true.step_seconds(plan[0].size) * (9 - 8 * step))
    left = true.remaining_seconds(plan, 2, steps, stage=0)
    assert clock.seconds_left(2, steps) == pytest.approx(left, rel=0.25)


def test_on_a_machine_half_as_fast_as_measured_the_third_step_tells_within_a_quarter():
    plan, steps = stages((320, 480)), 100
    measured = CostModel(0.03, 6e-6)
    first = frame(1, 0, step=0)
    first = replace(first, content=torch.zeros((1, 3, 320, 480)))
    clock = RunClock(measured, first)
    image = torch.zeros((1, 3, *plan[0].size))
    step = replace(first, image=image, losses={"total": 1.0}, state=State(1, 0, image))
    for entry in (9, 1, 1):
        clock.add(step, entry * 2 * measured.step_seconds(plan[0].size))
    left = 2 * measured.remaining_seconds(plan, 3, steps, stage=0)
    assert clock.seconds_left(3, steps) == pytest.approx(left, rel=0.25)


def test_a_machine_that_slows_down_is_noticed_after_a_few_steps(clock):
    clock.add(frame(20, 1), 10.0)
    for seconds in [5.0] * 10 + [10.0] * 5:
        clock.add(frame(20, 1), seconds)
    assert clock.seconds_left(3, 4) == pytest.approx(10.0, rel=0.05)


@pytest.mark.slow
def test_the_time_left_of_a_real_run_is_right_within_a_quarter_after_two_steps(tmp_path):
    photo = to_tensor(open_image(ASSETS / "content" / "raccoon.jpg"), 320)
    painting = to_tensor(open_image(ASSETS / "style" / "breaking_waves.jpg"))
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        service = RunService(Limits(), tmp_path)
        run = service.start(Job(photo, Styles((painting,)), Settings(steps=60)))
        told = began = 0.0
        for frame in run.frames():
            if frame and frame.step >= 2 and not told:
                told, began = run.seconds_left, time.perf_counter()
        took = time.perf_counter() - began
    finally:
        torch.set_num_threads(before)
    print(f"\n{told:.1f} s left after two steps, {took:.1f} s taken")
    assert told == pytest.approx(took, rel=0.25)


def test_the_speed_is_told_while_the_run_goes_on(clock):
    step, ended, told = frame(20, 1), threading.Event(), []

    def watch():
        while not ended.is_set():
            told.append(clock.steps_per_second)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    with ThreadPoolExecutor(1) as watcher:
        watching = watcher.submit(watch)
        try:
            for _ in range(5000):
                clock.add(step, 4.0)
        finally:
            ended.set()
            sys.setswitchinterval(interval)
        watching.result()
    assert {round(each, 6) for each in told} <= {0.0, 0.25}
