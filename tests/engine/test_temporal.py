"""The temporal term: a frame is held where it is certain, and free elsewhere."""

from dataclasses import replace

import pytest
import torch

from style_transfer.engine import State, Styles
from style_transfer.engine.multiscale import MultiscaleObjective
from style_transfer.engine.temporal import FrameEvaluators, TemporalObjective, TemporalTarget
from style_transfer.losses import temporal_loss
from tests.conftest import smooth_picture
from tests.engine.conftest import SIDE
from tests.engine.runs import QUICK, run

HELD = slice(0, 16)  # columns


@pytest.fixture
def target(photo):
    """A picture to which the left part of frames is held."""
    confidence = torch.zeros(1, 1, *photo.shape[-2:])
    confidence[..., HELD] = 1
    image = smooth_picture(9, SIDE, SIDE)
    return TemporalTarget(image.to(photo.device), confidence.to(photo.device), 300.0)


def frame_evaluators(target):
    evaluators = FrameEvaluators()
    evaluators.begin_frame(QUICK, target)
    return evaluators


def test_the_loss_is_the_mean_squared_difference_where_it_is_certain():
    image, moved = torch.rand(2, 1, 3, 4, 6, dtype=torch.float64)
    confidence = torch.zeros(1, 1, 4, 6, dtype=torch.float64)
    confidence[..., :2] = 1
    expected = (image - moved)[..., :2].square().sum() / image.numel()
    torch.testing.assert_close(temporal_loss(image, moved, confidence), expected)


def test_the_term_is_added_to_losses_and_gradient(network, photo, painting, target):
    image = smooth_picture(5, SIDE, SIDE)
    plain = MultiscaleObjective(network, photo, painting)
    without = plain.evaluate(image, QUICK)
    found = TemporalObjective(plain, target).evaluate(image, QUICK)
    expected = temporal_loss(image, target.image, target.confidence).item()
    assert found.losses["temporal"] == pytest.approx(expected)
    assert found.losses["total"] == pytest.approx(without.losses["total"] + 300 * expected)
    slope = 2 * 300 * target.confidence * (image - target.image) / image.numel()
    torch.testing.assert_close(found.gradient, without.gradient + slope)


def test_a_frame_stays_near_what_it_is_held_to_and_is_free_elsewhere(photo, painting, target):
    held = run(photo, painting, evaluator=frame_evaluators(target))[-1].image
    free = run(photo, painting)[-1].image
    difference = (held - target.image).abs().mean((0, 1, 2))
    assert difference[:13].mean() < 0.3 * (free - target.image).abs().mean((0, 1, 2))[:13].mean()
    assert (held - free).abs()[..., 21:].mean() < 0.5 * (held - free).abs()[..., HELD].mean()


def test_a_run_with_the_term_goes_on_bit_for_bit(photo, painting, target, tmp_path):
    whole = run(photo, painting, evaluator=frame_evaluators(target))
    whole[4].state.save(tmp_path / "state")
    rest = run(
        *(photo, painting),
        state=State.load(tmp_path / "state"),
        evaluator=frame_evaluators(target),
    )
    assert torch.equal(rest[-1].image, whole[-1].image)
    assert rest[-1].losses == whole[-1].losses


@pytest.mark.parametrize("weight", [0.0, None])
def test_without_a_weight_the_objective_is_the_plain_one(network, photo, painting, target, weight):
    target = None if weight is None else replace(target, weight=weight)
    made = frame_evaluators(target)(network, photo, Styles.of(painting))
    assert isinstance(made, MultiscaleObjective)
    assert "temporal" not in made.evaluate(photo, QUICK).losses


class CountingNetwork:
    """Counts passes over images of the size of the style image."""

    def __init__(self, network, size):
        self._network, self._size, self.passes = network, size, 0

    def __getattr__(self, name):
        return getattr(self._network, name)

    def activations(self, image, *arguments):
        self.passes += tuple(image.shape[-2:]) == self._size
        return self._network.activations(image, *arguments)


def test_style_targets_are_computed_once_for_all_frames(network, photo):
    painting = Styles.of(smooth_picture(4, 30, 28))
    counting = CountingNetwork(network, (30, 28))
    evaluators, passes = FrameEvaluators(), []
    for number in range(3):
        content = smooth_picture(10 + number, *photo.shape[-2:])
        evaluators.begin_frame(QUICK, None)
        found = evaluators(counting, content, painting).evaluate(photo, QUICK)
        alone = MultiscaleObjective(network, content, painting).evaluate(photo, QUICK)
        assert found.losses == alone.losses  # the content is that of the frame
        passes.append(counting.passes)
    assert passes == [1, 1, 1]


def test_a_style_in_the_frames_colours_is_computed_for_each(network, photo):
    settings, painting = replace(QUICK, match_colors=True), Styles.of(smooth_picture(4, 30, 28))
    evaluators = FrameEvaluators()
    for number in range(2):
        content = smooth_picture(10 + number, *photo.shape[-2:])
        evaluators.begin_frame(settings, None)
        found = evaluators(network, content, painting).evaluate(photo, settings)
        alone = MultiscaleObjective(network, content, painting).evaluate(photo, settings)
        assert found.losses == pytest.approx(alone.losses)


@pytest.mark.parametrize(
    "moved",
    [
        {"style_scale": 2.0},
        {"crop_frame": True},
        {"match_colors": True},
        {"pooling": "max"},
        {"statistic": "gram"},
        {"style_layers": ["relu1_2"]},
        {"motifs": 0.5},
    ],
)
def test_a_knob_that_targets_depend_on_lets_none_of_the_frame_before_serve(
    network, photo, painting, moved
):
    evaluators, before = FrameEvaluators(), replace(QUICK, statistic="wasserstein", motifs=0)
    evaluators.begin_frame(before, None)
    first = evaluators(network, photo, Styles.of(painting))
    evaluators.begin_frame(replace(before, beta=9, alpha=0.5), None)
    assert evaluators(network, photo, Styles.of(painting)) is first
    evaluators.begin_frame(replace(before, **moved), None)
    assert evaluators(network, photo, Styles.of(painting)) is not first
