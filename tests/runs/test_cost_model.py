import time
from pathlib import Path

import pytest
import torch

from style_transfer.engine import Stage, stages
from style_transfer.images import open_image, to_tensor
from style_transfer.runs.cost_model import BELIEF, Clock, Speed, expected, measured
from style_transfer.runs.run import Run
from style_transfer.settings import Settings

ASSETS = Path(__file__).parents[2] / "assets"
PLAN = [Stage((10, 10), 0.5), Stage((20, 20), 0.5)]
SPEED = Speed(seconds_per_step=1.0, seconds_per_pixel=0.01)  # 2 s for 10 x 10, 5 s for 20 x 20


@pytest.fixture
def clock(monkeypatch, network):
    monkeypatch.setattr("style_transfer.runs.cost_model.measured", lambda _: SPEED)
    return Clock(network)


def test_a_run_costs_its_steps_and_one_more_for_each_stage_it_enters():
    assert SPEED.of_rest(PLAN, 0, 4) == (2 + 1) * 2 + (2 + 1) * 5
    assert SPEED.of_rest(PLAN, 1, 4, stage=0) == 1 * 2 + (2 + 1) * 5
    assert SPEED.of_rest(PLAN, 3, 4, stage=1) == 5
    assert SPEED.of_rest(PLAN, 4, 4, stage=1) == 0


def test_a_large_picture_costs_its_anchor_as_well():
    assert SPEED.of_step((256, 512)) == 1 + 0.01 * 256 * 512 + 1 + 0.01 * 128 * 256


def test_the_time_left_follows_the_steps_that_were_made(clock):
    assert clock.steps_per_second == 0
    assert clock.seconds_left(PLAN, 0, 4, -1) == SPEED.of_rest(PLAN, 0, 4)
    clock.add(6.0, (10, 10), entered=True)  # instead of 4
    clock.add(3.0, (10, 10), entered=False)  # instead of 2
    slower = (BELIEF + 9) / (BELIEF + 6)
    assert clock.seconds_left(PLAN, 2, 4, 0) == pytest.approx(slower * (2 + 1) * 5)
    assert clock.steps_per_second == pytest.approx(2 / 9)


@pytest.mark.parametrize("fixed", [0.7, 1, 1.5])
@pytest.mark.parametrize("by_pixel", [0.85, 1, 1.15])
def test_after_two_steps_the_time_left_is_right_within_a_quarter(monkeypatch, fixed, by_pixel):
    """On a machine whose cost of a step and of a pixel were measured a little wrong."""
    plan, steps = stages((256, 384)), 40
    believed, true = Speed(0.02, 5e-6), Speed(0.02 * fixed, 5e-6 * by_pixel)
    monkeypatch.setattr("style_transfer.runs.cost_model.measured", lambda _: believed)
    clock = Clock(None)
    for step in range(2):
        cost = true.of_step(plan[0].size)
        clock.add(cost * (2 - step), plan[0].size, entered=step == 0)
    left = true.of_rest(plan, 2, steps, stage=0)
    assert clock.seconds_left(plan, 2, steps, 0) == pytest.approx(left, rel=0.25)


def test_a_machine_that_slows_down_is_believed_after_a_few_steps(clock):
    for seconds in [5.0] * 10 + [10.0] * 5:
        clock.add(seconds, (20, 20), entered=False)
    assert clock.seconds_left(PLAN, 3, 4, 1) == pytest.approx(10.0, rel=0.05)


@pytest.mark.parametrize("small", [0.1, 0.4, 0.9])  # s; 0.4 is as the larger, 0.9 a stumble
def test_a_stumble_while_measuring_leaves_a_speed_that_grows_with_the_size(monkeypatch, small):
    monkeypatch.setattr(
        "style_transfer.runs.cost_model._seconds", lambda _, side: {96: small, 192: 0.4}[side]
    )
    speed = measured.__wrapped__(None)
    assert speed.of_step((192, 192)) == pytest.approx(0.4)
    assert 0.05 <= speed.of_step((96, 96)) <= speed.of_step((192, 192)) * 0.7
    assert speed.of_step((384, 384)) >= 2 * speed.of_step((192, 192))


def test_the_speed_is_measured_and_larger_pictures_take_longer(network):
    speed = measured(network)
    assert speed.seconds_per_pixel > 0
    assert measured(network) is speed
    assert expected(network, (256, 256), 50) > expected(network, (128, 128), 50)


def test_more_and_larger_paintings_take_their_time(network):
    def seconds(count, scale):
        return expected(network, (192, 256), 10, [(600, 800)] * count, scale)

    plain = expected(network, (192, 256), 10)
    assert seconds(1, 1) == pytest.approx(plain)
    assert plain < seconds(2, 1) < seconds(4, 1) < seconds(4, 4)


@pytest.mark.slow
def test_a_real_run_is_told_right_within_a_quarter_after_two_steps():
    photo = to_tensor(open_image(ASSETS / "content" / "chelsea.png"), 320)
    painting = to_tensor(open_image(ASSETS / "style" / "starry_night.jpg"))
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    measured.cache_clear()
    try:
        run = Run(photo, painting, Settings(steps=60))
        told = began = 0.0
        for frame in run.frames():
            if frame and frame.step >= 2 and not told:
                told, began = run.seconds_left, time.perf_counter()
        took = time.perf_counter() - began
    finally:
        torch.set_num_threads(before)
        measured.cache_clear()
    print(f"\n{told:.1f} s left after two steps, {took:.1f} s taken")
    assert told == pytest.approx(took, rel=0.25)
