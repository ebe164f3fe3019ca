from dataclasses import replace
from itertools import count

import pytest
import torch

from style_transfer.engine import optimize
from style_transfer.engine.evaluator import Evaluation
from style_transfer.engine.lbfgs import LBFGS
from style_transfer.engine.multiscale import MultiscaleObjective
from style_transfer.engine.optimize import stylize
from style_transfer.engine.state import State
from style_transfer.engine.step import (
    LAST_TOUCH_LIMIT,
    MAX_SETBACKS,
    SHORTER,
    Attempt,
    DivergedError,
    attempt_step,
)
from style_transfer.engine.strokes import Stroke
from style_transfer.network import VGG
from style_transfer.settings import Settings
from tests.comparison import same_frames
from tests.engine.runs import QUICK, every_optimizer, run


class Spoilt:
    """The evaluator of runs, whose evaluations go through `spoil`, with their number from 1."""

    def __init__(self, spoil):
        self.spoil, self.numbers = spoil, count(1)

    def __call__(self, network, content, styles):
        inner, spoil, numbers = (
            MultiscaleObjective(network, content, styles),
            self.spoil,
            self.numbers,
        )

        class Evaluator:
            styles = inner.styles

            def evaluate(self, image, settings, matches):
                return spoil(next(numbers), inner.evaluate(image, settings, matches))

        return Evaluator()


def nan_losses(spoilt):
    """Makes the losses NaN in those evaluations whose number, from 1, `spoilt` names."""

    def spoil(number, evaluation):
        if not spoilt(number):
            return evaluation
        return replace(evaluation, losses=dict.fromkeys(evaluation.losses, float("nan")))

    return Spoilt(spoil)


@every_optimizer
def test_a_photo_that_is_hardly_to_be_changed_is_no_setback(photo, painting, optimizer):
    settings = replace(QUICK, alpha=10, beta=1e-4, steps=10)
    frames = run(photo, painting, settings, optimizer=optimizer)
    assert not any(frame.note for frame in frames)


@pytest.mark.every_device
@every_optimizer
def test_losses_that_are_no_numbers_lead_back_to_the_last_good_image(photo, painting, optimizer):
    evaluator = nan_losses(lambda number: number == 4)
    frames = run(photo, painting, optimizer=optimizer, evaluator=evaluator)
    assert [frame.step for frame in frames] == list(range(9))
    assert [frame.step for frame in frames if frame.note] == [4]
    assert "Step 4" in frames[4].note
    # Step 3 led astray; the image before it was the last whose losses were finite.
    assert torch.equal(frames[4].image, frames[2].image)
    assert frames[4].state.memory == ()
    assert frames[8].losses["total"] < frames[1].losses["total"]


def test_a_gradient_that_is_no_number_leads_back_as_well(photo, painting):
    def spoil(number, evaluation):
        if number == 3:
            evaluation.gradient[0, 0, 0, 0] = float("inf")
        return evaluation

    frames = run(photo, painting, evaluator=Spoilt(spoil))
    assert [frame.step for frame in frames if frame.note] == [3]
    assert all(frame.image.isfinite().all() for frame in frames)


def test_a_loss_that_explodes_leads_back_as_well(photo, painting):
    def spoil(number, evaluation):
        if number == 3:
            evaluation.losses["total"] *= 1e6
        return evaluation

    frames = run(photo, painting, evaluator=Spoilt(spoil))
    assert [frame.step for frame in frames if frame.note] == [3]
    assert torch.equal(frames[3].image, frames[1].image)


@pytest.mark.parametrize("wrong", [0, 3, 8])
def test_a_step_begun_before_the_losses_of_the_last_one_are_read_changes_nothing(
    photo, painting, wrong, monkeypatch
):
    found = []
    for ahead in (True, False):
        monkeypatch.setattr(optimize, "runs_ahead", lambda _, ahead=ahead: ahead)
        frames = run(photo, painting, evaluator=nan_losses(lambda number: number == wrong))
        assert [frame.step for frame in frames] == list(range(9))
        assert [frame.step for frame in frames if frame.note] == [wrong] * bool(wrong)
        found.append(frames)
    assert all(torch.equal(a.image, b.image) for a, b in zip(*found, strict=True))


@pytest.mark.parametrize("beta", [20, 40])
def test_steps_after_one_that_went_astray_are_shorter_so_that_the_run_goes_on(photo, beta):
    settings = Settings(beta=beta, motifs=0, steps=6)
    frames = run(photo, torch.full_like(photo, 0.5), settings, optimizer="adam")
    (astray,) = (frame.step for frame in frames if frame.note)
    first, again = frames[1], frames[astray + 1]
    begin = frames[0].image
    assert torch.equal(frames[astray].image, begin)
    moved, moved_again = (each.image - begin for each in (first, again))
    torch.testing.assert_close(moved_again, SHORTER * moved, atol=0.01, rtol=0.1)


@pytest.mark.parametrize("setbacks", range(MAX_SETBACKS + 1))
def test_each_step_back_makes_the_next_step_so_much_shorter(setbacks):
    grey = torch.full((1, 3, 8, 8), 0.5)
    state = State(setbacks, 0, grey, setbacks=setbacks)
    evaluation = Evaluation({"total": 1.0}, torch.ones_like(grey))
    moved = attempt_step(state, evaluation, QUICK, LBFGS()).after.image - grey
    expected = torch.full_like(grey, -LBFGS().first_step * SHORTER**setbacks)
    torch.testing.assert_close(moved, expected)


def test_a_step_back_forgets_the_matches_of_motifs(photo):
    state = State(4, 0, photo, matches={"0.evaluations": torch.tensor(4)})
    evaluation = Evaluation({"total": torch.nan}, torch.zeros_like(photo))
    back, _ = Attempt(state, state, evaluation, QUICK).settled(state)
    assert back.matches == {}


def test_a_step_that_heals_a_place_alone_is_no_longer_there_than_others_are():
    grey, reach = torch.full((1, 3, 32, 32), 0.5), torch.zeros(1, 1, 32, 32)
    reach[..., :8, :8] = 1
    state = State(0, 0, grey, reach=reach, strokes=(Stroke("undo"),))
    evaluation = Evaluation({"total": 1.0}, torch.ones_like(grey))
    moved = attempt_step(state, evaluation, QUICK, LBFGS(first_step=0.1)).after.image - grey
    inside = moved[..., :8, :8]
    assert inside.square().mean().sqrt().item() == pytest.approx(LAST_TOUCH_LIMIT)
    assert torch.equal(moved * (1 - reach), torch.zeros_like(moved))


@pytest.mark.parametrize(
    ("spoilt", "good"),
    [
        (lambda number: True, 0),
        (lambda number: number > 5, 5),
        (lambda number: number > 1 and number % 2 == 0, 1),  # all but the starting image
    ],
    ids=["always", "from-step-6", "but-for-the-start"],
)
def test_a_run_whose_losses_stay_no_numbers_ends(photo, painting, spoilt, good):
    frames, thousand = [], replace(QUICK, steps=1000)
    generator = stylize(photo, painting, lambda: thousand, evaluator=nan_losses(spoilt))
    with pytest.raises(DivergedError, match=r"diverged at step \d+: its loss is nan"):
        frames.extend(generator)
    assert sum(bool(frame.note) for frame in frames) == MAX_SETBACKS
    assert len(frames) <= 1 + good + 2 * MAX_SETBACKS
    assert all(frame.image.isfinite().all() for frame in frames)


def test_the_loss_at_which_a_run_diverged_is_told_with_three_digits(photo):
    state = State(165, 0, photo, loss=1.0, setbacks=MAX_SETBACKS)
    evaluation = Evaluation({"total": 25.27223777770996}, torch.full_like(photo, torch.nan))
    with pytest.raises(DivergedError, match=r"at step 166: its loss is 25\.3\. Smaller"):
        Attempt(state, state, evaluation, QUICK).settled(state)


@every_optimizer
def test_a_loss_that_jumps_at_every_step_however_short_ends_no_run(photo, painting, optimizer):
    begin = []

    def spoil(number, evaluation):
        begin[:] = begin or [evaluation.losses["content"]]
        if evaluation.losses["content"] != begin[0]:
            evaluation.losses["total"] += 1000
        return evaluation

    frames = run(photo, painting, evaluator=Spoilt(spoil), optimizer=optimizer)
    assert [frame.step for frame in frames if frame.note] == [2, 4, 6]
    assert [frame.step for frame in frames] == list(range(9))
    assert frames[8].losses["total"] > 1000
    assert all(frame.image.isfinite().all() for frame in frames)


@every_optimizer
@pytest.mark.parametrize("shade", [0.2, 1.0])
def test_a_photo_and_a_painting_of_one_colour_end_no_run(photo, optimizer, shade):
    settings = replace(QUICK, statistic="correlation", steps=9)  # which jumps with any structure
    frames = run(torch.full_like(photo, shade), 0 * photo, settings, optimizer=optimizer)
    assert frames[-1].step == 9


def test_a_network_that_returns_no_numbers_ends_the_run(photo, painting):
    network = VGG()
    network.convolutions["relu2_1"].bias[0] = float("nan")
    with pytest.raises(DivergedError):
        run(photo, painting, network=network)


def test_a_setback_survives_being_saved(photo, painting, tmp_path):
    whole = run(photo, painting, evaluator=nan_losses(lambda number: number == 4))
    whole[4].state.save(tmp_path / "run.state")
    rest = run(photo, painting, state=State.load(tmp_path / "run.state"))
    assert same_frames(rest, whole[5:])
