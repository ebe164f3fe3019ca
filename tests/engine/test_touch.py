"""Strokes in runs: when they act, what the optimiser keeps, undoing, resuming."""

from dataclasses import replace

import pytest
import torch

from style_transfer.engine import step
from style_transfer.engine.brushes import surroundings
from style_transfer.engine.optimize import stylize
from style_transfer.engine.optimizers import OPTIMIZERS
from style_transfer.engine.state import State
from style_transfer.engine.step import with_objective
from style_transfer.engine.stroked_content import StrokedContent
from style_transfer.engine.strokes import Stroke
from style_transfer.engine.touch import moved_to_size, released, with_stroke
from tests.comparison import same_frames
from tests.engine.runs import QUICK, every_optimizer, run

DOT = ((0.25, 0.25, 1.0), (0.3, 0.25, 1.0))
RED = Stroke("color", DOT, 0.1, color=(1.0, 0.0, 0.0))
RED_AT_REST = replace(RED, at_rest=True, number=1)
SMEAR = Stroke("smear", ((0.2, 0.3, 1.0), (0.4, 0.3, 1.0)), 0.1)


def at_steps(strokes):
    """What gives a run the strokes of each step once."""
    left = dict(strokes)
    return lambda step: left.pop(step, ())


@pytest.mark.every_device
def test_a_stroke_makes_a_frame_of_its_own_and_is_part_of_the_next_step(photo, painting):
    frames = run(photo, painting, take_strokes=at_steps({3: [RED]}))
    assert [frame.step for frame in frames] == [0, 1, 2, 3, 3, 4, 5, 6, 7, 8]
    before, after, stepped = frames[3], frames[4], frames[5]
    area = surroundings(RED, (32, 32), 1.0).to(photo.device) > 0
    assert not after.losses
    assert torch.equal((after.image != before.image).any(1, keepdim=True) & ~area, area & ~area)
    red = (after.image[0, 0] - before.image[0, 0])[7:9, 7:10].mean()
    assert red > 0.2
    assert (stepped.image - after.image).abs()[0, :, 7:9, 7:10].mean() < red / 3
    assert after.state.strokes == (replace(RED, step=3),)


@pytest.mark.every_device
@every_optimizer
def test_from_rest_a_stroke_moves_what_is_around_it_alone(photo, painting, optimizer):
    options = {"optimizer": optimizer, "take_strokes": at_steps({6: [RED_AT_REST]})}
    frames = run(photo, painting, replace(QUICK, steps=12), **options)
    rested, last = frames[6].image, frames[-1].image
    reach = frames[-1].state.reach
    assert 0.1 < reach.eq(0).float().mean() < 0.9
    assert ((last - rested) * reach.eq(0)).abs().max() == 0
    healed = (last - frames[7].image).abs() * surroundings(RED, (32, 32), 4.0).to(last.device)
    assert healed.max() > 0.05
    assert (last - rested).abs().mul(reach).max() > 0.05


def test_the_whole_picture_moves_again_after_a_change_of_the_objective(photo, painting):
    made = 0

    def settings():
        return replace(QUICK, steps=12, beta=QUICK.beta * (1 if made < 9 else 2))

    strokes = at_steps({6: [RED_AT_REST]})
    frames = []
    for frame in stylize(photo, painting, settings, take_strokes=strokes):
        frames.append(frame)
        made = frame.step
    far = frames[9].state.reach.eq(0)
    assert ((frames[10].image - frames[6].image) * far).abs().max() == 0
    assert frames[-1].state.reach is None
    assert ((frames[-1].image - frames[10].image) * far).abs().max() > 0.01


@every_optimizer
def test_a_state_is_released_to_move_as_a_whole_with_what_the_optimiser_knows(
    photo, painting, optimizer
):
    options = {"optimizer": optimizer, "take_strokes": at_steps({6: [RED_AT_REST]})}
    state = run(photo, painting, replace(QUICK, steps=10), **options)[-1].state
    free = released(state, OPTIMIZERS[optimizer])
    assert released(free, OPTIMIZERS[optimizer]) is free
    assert free.reach is None
    assert len(free.memory) == len(state.memory)
    settings = replace(QUICK, steps=14)
    frames = run(photo, painting, settings, state=free, optimizer=optimizer)
    assert ((frames[-1].image - state.image) * state.reach.eq(0)).abs().max() > 0.01


def test_the_whole_picture_moves_again_once_a_place_has_healed(photo, painting, monkeypatch):
    monkeypatch.setattr(step, "HEALING", 3)
    strokes = at_steps({6: [RED_AT_REST]})
    frames = run(photo, painting, replace(QUICK, steps=12), take_strokes=strokes)
    by_step = {frame.step: frame for frame in frames}
    far = by_step[9].state.reach.eq(0)
    assert ((by_step[9].image - by_step[6].image) * far).abs().max() == 0
    assert by_step[10].state.reach is None
    assert ((by_step[12].image - by_step[9].image) * far).abs().max() > 0.01


def test_targets_that_are_still_computed_do_not_end_the_healing(photo, painting):
    strokes = at_steps({6: [RED_AT_REST]})
    state = run(photo, painting, replace(QUICK, steps=8), take_strokes=strokes)[-1].state
    stale = with_objective(state, state.objective | {"stale_layers": 1})
    assert stale.reach is state.reach
    assert with_objective(state, state.objective | {"beta": 9.0}).reach is None


def test_a_stroke_while_a_place_heals_is_healed_as_well(photo, painting):
    other = replace(RED, points=((0.8, 0.8, 1.0),), number=2)
    strokes = at_steps({6: [RED_AT_REST], 8: [other]})
    frames = run(photo, painting, replace(QUICK, steps=12), take_strokes=strokes)
    reach = frames[-1].state.reach
    assert reach[0, 0, 25, 25] == 1
    assert reach[0, 0, 8, 8] == 1
    assert reach.min() == 0


@pytest.mark.every_device
@every_optimizer
def test_a_run_with_strokes_ends_as_if_it_had_not_been_interrupted(
    tall_photo, painting, optimizer, tmp_path
):
    settings, strokes = replace(QUICK, steps=6), {2: [SMEAR, RED], 5: [RED_AT_REST, Stroke("undo")]}
    options = {"optimizer": optimizer}
    whole = run(tall_photo, painting, settings, take_strokes=at_steps(strokes), **options)
    for number in (3, 4, 6):
        whole[number].state.save(tmp_path / "run.state")
        state = State.load(tmp_path / "run.state")
        later = {n: each for n, each in strokes.items() if len(state.strokes) < 2 * (1 + (n == 5))}
        rest = run(
            tall_photo, painting, settings, state=state, take_strokes=at_steps(later), **options
        )
        assert same_frames(rest, whole[number + 1 :])


def test_pairs_are_masked_and_not_dropped(photo, painting):
    state = run(photo, painting)[-1].state
    touched = with_stroke(state, RED, StrokedContent(photo), OPTIMIZERS["lbfgs"])
    area = surroundings(RED, (32, 32), 6.0)
    assert touched.memory[0].numel() == touched.memory[1].numel() == 0
    assert len(state.memory) - 2 <= len(touched.memory) <= len(state.memory)
    for tensor in touched.memory[3:]:
        assert (tensor * area.ge(1)).abs().max() == 0
        assert tensor.abs().max() > 0
    assert touched.loss is None
    assert (touched.good[0, 0] - state.good[0, 0])[8, 8] > 0.2


def test_steps_are_small_where_a_stroke_was_and_as_ever_elsewhere(photo, painting):
    frames = run(photo, painting, take_strokes=at_steps({4: [RED]}))
    stroke = next(n for n, frame in enumerate(frames) if frame.state.strokes)
    area = frames[stroke].state.touched
    for number, limit in enumerate((2, 4, 8)):
        step = frames[stroke + number + 1].image - frames[stroke + number].image
        size = ((area * step.square()).sum() / (3 * area.sum())).sqrt()
        assert size <= 1.2 * limit / 255
    assert (
        run(photo, painting, replace(QUICK, steps=12), take_strokes=at_steps({4: [RED]}))[
            -1
        ].state.touched
        is None
    )


@pytest.mark.parametrize("kind", ["smear", "wipe", "color", "clone"])
def test_an_undone_stroke_leaves_the_picture_as_it_was(photo, painting, kind):
    stroke = replace(SMEAR, kind=kind, offset=(0.3, 0.3))
    frames = run(photo, painting, take_strokes=at_steps({4: [stroke, Stroke("undo")]}))
    torch.testing.assert_close(frames[5].image, frames[4].image, atol=1e-6, rtol=0)
    assert not torch.equal(
        run(photo, painting, take_strokes=at_steps({4: [stroke]}))[5].image, frames[4].image
    )


def test_strokes_are_undone_one_after_the_other(photo, painting):
    elsewhere = replace(RED, points=((0.8, 0.7, 1.0),), radius=0.15)
    strokes = [SMEAR, elsewhere, Stroke("undo"), Stroke("undo")]
    begun = run(photo, painting, replace(QUICK, steps=4))[-1].state
    state = begun
    for stroke in strokes:
        state = with_stroke(state, stroke, StrokedContent(photo), OPTIMIZERS["lbfgs"])
    assert state.before == ()
    torch.testing.assert_close(state.image, begun.image, atol=1e-6, rtol=0)


def test_a_stroke_is_undone_after_steps_and_in_another_stage(tall_photo, painting):
    settings = replace(QUICK, steps=6)  # 4 steps and 2
    plain = run(tall_photo, painting, settings)
    kept = run(tall_photo, painting, settings, take_strokes=at_steps({3: [RED]}))
    undone = run(
        tall_photo, painting, settings, take_strokes=at_steps({3: [RED], 5: [Stroke("undo")]})
    )
    assert undone[-1].image.shape[-2] == 192
    place = (slice(None), slice(None), slice(44, 54), slice(15, 20))
    near, far = ((each[-1].image - plain[-1].image)[place].abs().mean() for each in (undone, kept))
    assert near < far / 2


def test_nothing_is_undone_where_there_is_no_stroke(photo, painting):
    frames = run(photo, painting, take_strokes=at_steps({2: [Stroke("undo", number=3)]}))
    assert torch.equal(frames[3].image, frames[2].image)
    assert frames[3].state.strokes[0].number == 3


def test_a_smear_stays_moved_from_stage_to_stage(tall_photo):
    base, size = StrokedContent(tall_photo), (192, 64)
    smeared = base.at(size, [SMEAR])
    coarse = base.at((96, 32), [SMEAR])
    state = State(3, 0, coarse, strokes=(SMEAR,))
    torch.testing.assert_close(moved_to_size(state, size, base.sized([SMEAR])).image, smeared)
    assert torch.equal(base.at(size, [SMEAR, RED, Stroke("undo")]), smeared)


def test_a_stroke_acts_after_the_last_step(photo, painting):
    frames = run(photo, painting, replace(QUICK, steps=2), take_strokes=at_steps({2: [RED]}))
    assert [frame.step for frame in frames] == [0, 1, 2, 2]


def test_a_run_goes_on_from_a_picture_with_strokes_as_the_other_did(tall_photo, painting):
    settings = replace(QUICK, steps=8)
    frames = run(tall_photo, painting, settings, take_strokes=at_steps({2: [SMEAR]}))
    begun = next(frame for frame in frames if frame.state.strokes)
    assert begun.image.shape != begun.picture.shape  # the next stage adds the photo's detail
    options = {"init": begun.picture, "step": 2, "init_strokes": begun.state.strokes}
    branch = run(tall_photo, painting, settings, **options)
    torch.testing.assert_close(branch[0].picture, begun.picture)
    torch.testing.assert_close(branch[0].state.image, begun.image, atol=0.03, rtol=0)
    assert branch[-1].state.strokes == begun.state.strokes
