"""When a run is taken to have nothing more to gain."""

from dataclasses import replace

import pytest
import torch

from style_transfer.engine import Frame, State
from style_transfer.runs.settling import Settling
from style_transfer.settings import Settings

CONTENT = torch.zeros((1, 3, 8, 8))


def frames(totals, moved=0.1, side=8, objective=None, reach=None, content=CONTENT):
    """Frames with these totals, each picture `moved` away from the one before."""
    for step, total in enumerate(totals, 1):
        image = torch.full((1, 3, side, side), moved * step)
        state = State(step, 0, image, objective=objective, reach=reach)
        yield Frame(step, image, {"total": total}, Settings(), state, content, True)


def settled(frames, settling=None):
    """The step at which a run has settled, None where it has not."""
    settling = settling or Settling()
    return next((frame.step for frame in frames if settling.add(frame)), None)


def test_a_run_whose_loss_falls_by_less_than_a_hundredth_twice_has_settled():
    assert settled(frames([1.0] * 30)) == 15
    assert settled(frames([0.9985**n for n in range(30)])) == 15  # by less than two, in all
    assert settled(frames([0.99**n for n in range(30)])) is None


def test_a_single_good_or_bad_step_decides_nothing():
    totals = [1.0] * 30
    totals[3], totals[8] = 0.2, 5.0
    assert settled(frames(totals)) == 15


def test_a_run_whose_loss_fell_until_now_goes_on_for_two_windows():
    totals = [0.9**n for n in range(20)] + [0.9**20] * 30
    assert 30 <= settled(frames(totals)) <= 35


@pytest.mark.parametrize(("moved", "step"), [(0.09 / 255, 11), (0.2 / 255, None)])
def test_a_picture_that_hardly_moves_in_ten_steps_has_settled(moved, step):
    assert settled(frames([0.9**n for n in range(30)], moved)) == step


def test_a_picture_that_moved_and_then_stands_still_has_settled_ten_steps_later():
    made = list(frames([0.9**n for n in range(40)]))
    still = [replace(frame, image=made[10].image) for frame in made[10:]]
    assert settled(made[:10] + still) == 21


def test_how_far_a_picture_moves_is_told_of_what_steps_move():
    reach = torch.zeros(1, 1, 8, 8)
    reach[..., 0, 0] = 1.0  # of 64 pixels: as if it had moved eight times as far
    falling = [0.9**n for n in range(30)]
    assert settled(frames(falling, 0.09 / 255, reach=reach)) is None
    assert settled(frames(falling, 0.01 / 255, reach=reach)) == 11


def test_steps_of_a_coarser_stage_of_another_objective_or_photo_do_not_count():
    settling = Settling()
    assert settled(frames([1.0] * 40, side=4), settling) is None
    assert settled(frames([1.0] * 14, objective={"beta": 1}), settling) is None
    assert settled(frames([1.0] * 14, objective={"beta": 2}), settling) is None
    photo = torch.ones_like(CONTENT)
    assert settled(frames([1.0] * 14, objective={"beta": 2}, content=photo), settling) is None
    assert settled(frames([1.0] * 30, objective={"beta": 2}, content=photo), settling) == 1


def test_a_photo_that_has_the_place_in_memory_of_one_before_is_another():
    settling, photo = Settling(), torch.zeros_like(CONTENT)
    assert settled(frames([1.0] * 14, content=photo), settling) is None
    place = id(photo)
    del photo
    photos = [torch.zeros_like(CONTENT) for _ in range(99)]
    others = [each for each in photos if id(each) == place] or photos
    assert settled(frames([1.0] * 14, content=others[0]), settling) is None


def test_steps_that_no_frame_shows_count_as_well():
    shown = list(frames([1.0] * 30))[::3]
    made = [replace(f, skipped=[(f.step - n, f.losses) for n in (2, 1)]) for f in shown]
    assert settled(made) == 16


def test_a_step_back_begins_the_count_anew():
    made = list(frames([1.0] * 30))
    made[9] = replace(made[9], note="Step 10 went astray.")
    assert settled(made) == 24
