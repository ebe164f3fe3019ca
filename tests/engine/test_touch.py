"""Strokes in runs: when they act, what the optimiser keeps, undoing, resuming."""

from dataclasses import replace

import pytest
import torch

from style_transfer.engine.brushes import surroundings
from style_transfer.engine.optimizers import OPTIMIZERS
from style_transfer.engine.state import State
from style_transfer.engine.stroked_content import StrokedContent
from style_transfer.engine.strokes import Stroke
from style_transfer.engine.touch import moved_to_size, with_stroke
from tests.comparison import same_frames
from tests.engine.runs import QUICK, every_optimizer, run

DOT = ((0.25, 0.25, 1.0), (0.3, 0.25, 1.0))
RED = Stroke("color", DOT, 0.1, color=(1.0, 0.0, 0.0))
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
def test_a_run_with_strokes_ends_as_if_it_had_not_been_interrupted(
    tall_photo, painting, optimizer, tmp_path
):
    settings, strokes = replace(QUICK, steps=6), {2: [SMEAR, RED], 5: [RED, Stroke("undo")]}
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
    torch.testing.assert_close(moved_to_size(state, size, base, True).image, smeared)
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
