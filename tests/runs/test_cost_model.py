import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from style_transfer.engine import Evaluation, Frame, Stage, State, Styles, stages
from style_transfer.images import open_image, to_tensor
from style_transfer.network import VGG
from style_transfer.network.networks import SPECS, NetworkSpec
from style_transfer.runs import Limits, RunService
from style_transfer.runs.cost_model import ENTRY_STEPS, PRIOR, CostModel, RunClock
from style_transfer.runs.executor import Job
from style_transfer.settings import Settings
from tests.engine.runs import QUICK

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
    monkeypatch.setattr("style_transfer.runs.cost_model.stages", lambda _: PLAN)
    return RunClock(COST, frame(10, 0, step=0))


def test_a_run_costs_its_steps_and_some_more_for_each_stage_it_enters():
    assert COST.remaining_seconds(PLAN, 0, 4) == (2 + ENTRY_STEPS) * (2 + 5)
    assert COST.remaining_seconds(PLAN, 1, 4, stage=0) == 1 * 2 + (2 + ENTRY_STEPS) * 5
    assert COST.remaining_seconds(PLAN, 3, 4, stage=1) == 5
    assert COST.remaining_seconds(PLAN, 4, 4, stage=1) == 0


def test_a_part_of_a_run_costs_its_own_steps_however_long_the_run_was_to_be():
    assert COST.seconds_between(PLAN, (1, 0), (5, 0), 20) == 4 * 2  # stopped in its first stage
    assert COST.seconds_between(PLAN, (8, 0), (12, 1), 20) == 2 * 2 + (2 + ENTRY_STEPS) * 5


def test_a_large_picture_costs_its_smaller_sizes_as_well():
    pixels = [256 * 512, 128 * 256, 64 * 128]
    assert COST.step_seconds((256, 512)) == pytest.approx(3 + 0.01 * sum(pixels))


def test_a_size_at_which_a_run_is_not_compared_costs_nothing():
    with_forms, without = (COST.of_run(Settings(large_forms=f), None) for f in (0.2, 0))
    assert with_forms.step_seconds((192, 384)) == pytest.approx(
        3 + 0.01 * (192 * 384 + 128 * 256 + 64 * 128)
    )
    assert without.step_seconds((192, 384)) == pytest.approx(1 + 0.01 * 192 * 384)


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
    monkeypatch.setattr("style_transfer.runs.cost_model.stages", lambda _: PLAN)
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


@pytest.mark.parametrize("small", [0.1, 0.4, 0.9])  # s; 0.4 is as the larger, 0.9 a stumble
def test_a_stumble_while_measuring_leaves_a_speed_that_grows_with_the_size(monkeypatch, small):
    monkeypatch.setattr(
        "style_transfer.runs.cost_model._time_step",
        lambda _, side, *__: {96: small, 192: 0.4}[side],
    )
    cost_model = CostModel.measure(None)
    assert cost_model.step_seconds((192, 192)) == pytest.approx(0.4)
    assert 0.05 <= cost_model.step_seconds((96, 96)) <= cost_model.step_seconds((192, 192)) * 0.7
    assert cost_model.step_seconds((384, 384)) >= 2 * cost_model.step_seconds((192, 192))


def test_a_device_that_is_fast_with_small_pictures_is_measured_with_larger_ones(monkeypatch):
    def seconds(_, side, *__):
        return max(0.010, 0.002 + 3e-8 * side**2)  # as long up to 516 px

    monkeypatch.setattr("style_transfer.runs.cost_model._time_step", seconds)
    cost_model = CostModel.measure(None)
    wanted = seconds(None, 1024) + seconds(None, 256)  # of a large picture and its small view
    assert cost_model.step_seconds((1024, 1024)) == pytest.approx(wanted, rel=0.3)


@pytest.mark.parametrize("forms", [0, 0.2])
def test_the_small_sizes_of_a_picture_that_is_measured_count_too(monkeypatch, forms):
    settings, per_pixel = Settings(large_forms=forms), 1e-8

    def seconds(_, side, *__):
        smaller = [s for s in ((256, 128) if forms else ()) if s < side >= 256]
        return 0.001 + per_pixel * sum(s**2 for s in (side, *smaller))

    monkeypatch.setattr("style_transfer.runs.cost_model._time_step", seconds)
    monkeypatch.setattr("style_transfer.runs.cost_model._LARGEST", 384)
    assert CostModel.measure(None, settings).seconds_per_pixel == pytest.approx(per_pixel, rel=0.02)


def test_what_is_timed_are_steps_of_the_settings_at_small_sizes(monkeypatch, network):
    sizes, timed = [], []

    class Recorded:
        def __init__(self, network, content, styles):
            sizes.append(tuple(content.shape[-2:]))

        def evaluate(self, image, settings, matches):
            timed.append((settings.statistic, settings.pooling, *settings.style_layers))
            return Evaluation({}, image)

    monkeypatch.setattr("style_transfer.runs.cost_model.MultiscaleObjective", Recorded)
    layers = ["relu1_1", "relu2_2"]
    settings = Settings(statistic="wasserstein", pooling="max", style_layers=layers, beta=0)
    assert CostModel.measure(network, settings).seconds_per_pixel > 0
    assert sizes[:2] == [(96, 96), (192, 192)]  # a larger one follows where the clock cannot tell
    assert set(timed) == {("wasserstein", "max", *layers)}


@pytest.mark.integration
def test_each_step_that_is_timed_holds_the_device_alone(network):
    calls = []

    class Device:
        def __enter__(self):
            calls.append("begun")

        def __exit__(self, *_):
            calls.append("ended")

    CostModel.measure(network, QUICK, Device())
    assert calls == ["begun", "ended"] * 10


def test_larger_pictures_take_longer(network):
    cost_model = CostModel.measure(network, QUICK)
    assert cost_model.seconds_per_pixel > 0
    assert cost_model.run_seconds((256, 256), 50) > cost_model.run_seconds((128, 128), 50)


def test_more_and_larger_style_images_take_their_time():
    def seconds(count, scale):
        return COST.run_seconds((192, 256), 10, [(600, 800)] * count, scale)

    plain = COST.run_seconds((192, 256), 10)
    assert seconds(1, 1) == pytest.approx(plain)
    assert plain < seconds(2, 1) < seconds(4, 1) < seconds(4, 4)


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


def test_a_network_without_the_default_layers_is_measured_at_its_own(monkeypatch):
    def weights():
        return [(torch.full((4, channels, 3, 3), 0.1), torch.zeros(4)) for channels in (3, 4)]

    spec = NetworkSpec((4, "M", 4), (0.5,) * 3, (0.25,) * 3, weights)
    monkeypatch.setitem(SPECS, "shallow", spec)
    monkeypatch.setattr("style_transfer.network.vgg.NETWORKS", tuple(SPECS))
    assert CostModel.measure(VGG("shallow")).seconds_per_pixel > 0


def test_the_speed_is_told_while_the_run_goes_on(clock):
    step, ended, told = frame(20, 1), threading.Event(), []

    def watch():
        while not ended.is_set():
            told.append(clock.steps_per_second)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    with ThreadPoolExecutor(1) as watcher:
        watching = watcher.submit(watch)
        for _ in range(5000):
            clock.add(step, 4.0)
        ended.set()
        sys.setswitchinterval(interval)
        watching.result()
    assert {round(each, 6) for each in told} <= {0.0, 0.25}
