from pathlib import Path

import pytest
import torch

from style_transfer.engine import Evaluation, Stage
from style_transfer.network import VGG
from style_transfer.network.networks import SPECS, NetworkSpec
from style_transfer.runs.cost_model import ENTRY_STEPS, CostModel
from style_transfer.settings import Settings
from tests.engine.runs import QUICK

ASSETS = Path(__file__).parents[2] / "assets"
PLAN = [Stage((10, 10), 0.5), Stage((20, 20), 0.5)]
COST = CostModel(seconds_per_step=1.0, seconds_per_pixel=0.01)  # 2 s for 10 x 10, 5 s for 20 x 20


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


def test_a_network_without_the_default_layers_is_measured_at_its_own(monkeypatch):
    def weights():
        return [(torch.full((4, channels, 3, 3), 0.1), torch.zeros(4)) for channels in (3, 4)]

    spec = NetworkSpec((4, "M", 4), (0.5,) * 3, (0.25,) * 3, weights)
    monkeypatch.setitem(SPECS, "shallow", spec)
    monkeypatch.setattr("style_transfer.network.vgg.NETWORKS", tuple(SPECS))
    assert CostModel.measure(VGG("shallow")).seconds_per_pixel > 0
