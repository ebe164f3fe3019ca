"""Settings and styles that are moved during a run."""

import math
import random
from dataclasses import replace

import pytest
import torch

from style_transfer.engine.objective import Objective
from style_transfer.engine.optimize import stylize
from style_transfer.engine.optimizers import OPTIMIZERS
from style_transfer.engine.pyramid import stages
from style_transfer.engine.state import State
from style_transfer.images import resize
from style_transfer.losses.statistics import STATISTICS
from style_transfer.network import POOLINGS
from tests.comparison import same_frames
from tests.engine.runs import QUICK, begun_ahead, run, steered


def test_raising_steps_during_a_run_prolongs_it(photo, painting):
    frames = steered(photo, painting, {0: replace(QUICK, steps=2), 1: replace(QUICK, steps=5)})
    assert [frame.step for frame in frames] == [0, 1, 2, 3, 4, 5]


def test_lowering_steps_during_a_run_ends_it(photo, painting):
    frames = steered(photo, painting, {0: QUICK, 3: replace(QUICK, steps=1)})
    assert [frame.step for frame in frames] == [0, 1, 2, 3]


def test_raised_steps_never_lead_back_to_a_coarser_stage(tall_photo, painting):
    changes = {0: replace(QUICK, steps=4), 4: replace(QUICK, steps=14)}  # 7 of them coarse
    sides = [frame.image.shape[-2] for frame in steered(tall_photo, painting, changes)]
    assert sides == [96] * 3 + [192] * 12


@pytest.mark.every_device
@pytest.mark.parametrize(
    "change",
    [
        {"alpha": 3.0},
        {"beta": 50.0},
        {"tv": 9.0},
        {"content_layer": "relu1_2"},
        {"style_layers": ["relu1_2"]},
        {"style_layers": ["pixels", "relu1_1"]},
        {"statistic": "covariance"},
        {"pooling": "max", "style_layers": ["relu1_1", "relu2_1"]},
        {"motifs": 0.5},
        {"style_scale": 0.7},
        {"match_colors": True},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_moved_knob_acts_on_the_next_step_to_begin(photo, painting, network, change):
    after = replace(QUICK, **change)
    frames = steered(photo, painting, {0: QUICK, 3: after})
    begun = 3 + begun_ahead(network.device)
    last, frame = frames[begun].image, frames[begun + 1]
    assert frames[begun].settings == QUICK
    assert frame.settings == after
    evaluation = Objective(network, photo, painting).evaluate(last, after)
    assert frame.losses == evaluation.losses
    # The optimiser's memory was of another objective: its step is the first of a fresh one.
    fresh, _ = OPTIMIZERS["lbfgs"].step(last, evaluation.gradient, ())
    assert torch.equal(frame.image, fresh.clamp(0, 1))


LARGE = replace(QUICK, style_layers=["relu1_1", "relu2_1"], style_scale=3.0)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (replace(LARGE, style_scale=1.0), LARGE),
        (LARGE, replace(LARGE, statistic="covariance")),
        (LARGE, replace(LARGE, pooling="max")),
        (LARGE, replace(LARGE, match_colors=True)),
        (LARGE, replace(LARGE, style_layers=["relu1_1", "relu2_1", "relu3_1"])),
    ],
    ids=["style_scale", "statistic", "pooling", "match_colors", "style_layers"],
)
def test_what_takes_a_long_pass_acts_from_the_very_next_step_and_in_whole_a_few_later(
    photo, painting, network, before, after
):
    frames = steered(photo, painting, {0: before, 3: after})
    behind = [frame.state.objective.get("stale_layers", 0) for frame in frames[1:]]
    assert behind[:3] == [0, 0, 0]
    assert behind[3] > 0
    assert behind[-1] == 0
    assert frames[4].settings == after
    whole = 4 + behind[3:].index(0)
    assert whole < len(frames) - 1
    exact = [
        Objective(network, photo, painting).evaluate(frame.image, after)
        for frame in frames[:-1]  # the losses of a frame are those of the image before it
    ]
    assert frames[whole - 1].losses != exact[whole - 2].losses
    for number in range(whole, len(frames)):
        assert frames[number].losses == exact[number - 1].losses
    # The step from which it acts in whole is the first of a fresh optimiser.
    last, evaluation = frames[whole - 1].image, exact[whole - 1]
    fresh, _ = OPTIMIZERS["lbfgs"].step(last, evaluation.gradient, ())
    assert torch.equal(frames[whole].image, fresh.clamp(0, 1))


def test_more_steps_are_no_reason_to_forget(photo, painting):
    frames = steered(photo, painting, {n: replace(QUICK, steps=8 + n % 2) for n in range(9)})
    assert same_frames(frames, run(photo, painting))


@pytest.fixture
def other(device):
    """Another painting, with finer structure."""
    return torch.rand((1, 3, 48, 40), generator=torch.Generator().manual_seed(5)).to(device)


def moves_of(settings_by_step):
    """A function for `read_settings`: the next settings with each call, then the last ones."""
    remaining = list(settings_by_step)
    return lambda: remaining.pop(0) if len(remaining) > 1 else remaining[0]


def test_styles_without_a_common_layer_go_on_while_their_targets_are_computed(
    photo, painting, other
):
    first = replace(QUICK, style_layers=["relu1_1"], style_weights=[1, 0], steps=40)
    second = replace(first, style_layers=["relu3_1"], style_weights=[0, 1])
    both = replace(QUICK, style_layers=["relu1_1", "relu3_1"], style_scale=3.0, steps=40)
    moves = moves_of([first, first, second, both])
    frames = list(stylize(photo, (painting, other), moves))
    assert frames[-1].step == 40
    assert frames[3].state.objective["stale_layers"] > 0
    assert frames[-1].state.objective.get("stale_layers", 0) == 0
    assert all(frame.losses["total"] < float("inf") for frame in frames[1:])


def test_a_layer_that_only_one_size_of_a_large_picture_has_yet_is_no_fault(painting):
    photo = resize(painting, (64, 512)).clamp(0, 1)
    more = replace(QUICK, style_layers=["relu1_1", "relu3_1"], style_scale=3.0)
    moves = moves_of([QUICK, QUICK, more])
    state = State(QUICK.steps - 4, len(stages((64, 512))) - 1, photo)
    frames = list(stylize(photo, painting, moves, state=state))
    assert frames[-1].step == QUICK.steps
    assert "relu3_1" not in frames[1].losses
    assert {"content", "relu1_1", "style", "total"} < frames[1].losses.keys()


@pytest.mark.integration
@pytest.mark.parametrize("seed", [1, 21, 44])
def test_no_order_of_moves_ends_a_run(photo, painting, other, seed):
    chance = random.Random(seed)
    choices = {
        "style_layers": [["relu1_1"], ["relu2_1"], ["pixels"], ["pixels", "relu1_1", "relu2_1"]],
        "style_weights": [(1, 0), (0, 1), (1, 1)],
        "style_scale": [1.0, 3.0],
        "statistic": [*STATISTICS],
        "pooling": [*POOLINGS],
        "motifs": [0.0, 0.3],
    }
    photo, painting, other = (each[..., :32, :32] for each in (photo, painting, other))
    moves = [replace(QUICK, content_layer="relu1_1", steps=50)]
    while len(moves) < 51:
        moved = chance.sample([*choices], chance.choice([0, 1, 2, 3]))
        changes = {name: chance.choice(choices[name]) for name in moved}
        moves.append(replace(moves[-1], **changes))
    frames = list(stylize(photo, (painting, other), moves_of(moves)))
    assert len(frames) == 51
    for frame in frames[1:]:
        assert frame.image.isfinite().all()
        assert all(map(math.isfinite, frame.losses.values())), frame.settings
