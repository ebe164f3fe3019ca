import pickle
import subprocess
import sys
from dataclasses import replace
from itertools import count

import pytest
import torch

from style_transfer.engine.evaluator import Evaluation
from style_transfer.engine.multiscale import MultiscaleObjective
from style_transfer.engine.objective import Objective
from style_transfer.engine.optimize import INITS, stylize
from style_transfer.engine.optimizers import OPTIMIZERS
from style_transfer.engine.state import State
from style_transfer.engine.step import MAX_SETBACKS, DivergedError
from style_transfer.losses.statistics import STATISTICS
from style_transfer.network import VGG
from style_transfer.settings import Settings
from tests.comparison import same_frames

# Shallow layers, for speed: what is tested here does not depend on the depth.
QUICK = Settings(content_layer="relu2_1", style_layers=["relu1_1", "relu2_1"], steps=8)
TWO_STAGES = replace(QUICK, steps=6)  # of `tall_photo`: 4 steps and 2
every_optimizer = pytest.mark.parametrize("optimizer", OPTIMIZERS)
every_init = pytest.mark.parametrize("init", INITS)


def run(photo, painting, settings=QUICK, **options):
    """All frames of a run."""
    return list(stylize(photo, painting, lambda: settings, **options))


def steered(photo, painting, changes):
    """All frames of a run with the settings `changes[n]` from the time on when step n is made."""
    frames = []

    def read_settings():
        made = max(0, len(frames) - 1)
        return changes[max(step for step in changes if step <= made)]

    for frame in stylize(photo, painting, read_settings):
        frames.append(frame)
    return frames


@pytest.mark.every_device
def test_step_0_is_the_starting_image(photo, painting):
    starts = {init: run(photo, painting[..., :32], init=init)[0] for init in INITS}
    assert torch.equal(starts["content"].image, photo)
    noise = starts["noise"].image
    assert noise.mean().item() == pytest.approx(0.5, abs=0.01)
    assert noise.std().item() == pytest.approx(0.1, abs=0.01)
    style = starts["style"].image
    assert style.shape == photo.shape
    assert (style.mean((2, 3)) - painting[..., :32].mean((2, 3))).abs().max() < 0.02
    for frame in starts.values():
        assert frame.step == 0
        assert frame.losses == {}
        assert frame.settings == QUICK


@pytest.mark.every_device
@every_optimizer
@every_init
def test_the_losses_fall(photo, painting, init, optimizer):
    settings = replace(QUICK, steps=15)
    frames = run(photo, painting, settings, init=init, optimizer=optimizer)
    assert [frame.step for frame in frames] == list(range(16))
    losses = [frame.losses["total"] for frame in frames[1:]]
    assert min(losses[1:]) < losses[0] / 2  # single steps may go up


@pytest.mark.every_device
def test_all_layers_of_the_paper_serve(photo, painting):
    frames = run(photo, painting, Settings(steps=6))
    assert frames[-1].losses["style"] < frames[1].losses["style"]
    assert set(Settings().style_layers) < frames[-1].losses.keys()


@pytest.mark.parametrize("statistic", STATISTICS)
def test_a_painting_of_one_colour_serves(photo, statistic):
    plain = torch.full_like(photo, 0.5)
    frames = run(photo, plain, replace(QUICK, statistic=statistic, steps=10))
    assert frames[-1].losses["style"] < frames[1].losses["style"]
    assert not torch.equal(frames[-1].image, photo)


@pytest.mark.every_device
@every_optimizer
@pytest.mark.parametrize("alpha", [1.0, 0.0])
def test_without_a_style_the_photo_comes_back(tall_photo, painting, optimizer, alpha):
    settings = replace(QUICK, alpha=alpha, beta=0)
    frames = run(tall_photo, painting, settings, optimizer=optimizer)
    assert len({frame.image.shape for frame in frames}) == 2
    for frame in frames:
        assert (frame.picture - tall_photo).abs().max() < 1 / 255


def test_a_photo_in_its_own_style_starts_at_loss_0(photo):
    frames = run(photo, photo, replace(QUICK, steps=1))
    assert frames[1].losses["total"] == 0
    assert torch.equal(frames[1].image, photo)


@every_optimizer
def test_a_photo_that_is_hardly_to_be_changed_is_no_setback(photo, painting, optimizer):
    settings = replace(QUICK, alpha=10, beta=1e-4, steps=10)
    frames = run(photo, painting, settings, optimizer=optimizer)
    assert not any(frame.note for frame in frames)


@pytest.mark.parametrize("size", [(32, 640), (640, 32)])
def test_a_painting_may_be_as_long_and_narrow_as_pictures_may_be(photo, size):
    painting = torch.rand((1, 3, *size), generator=torch.Generator().manual_seed(0))
    assert len(run(photo, painting, Settings(steps=1))) == 2


def test_noise_is_repeatable_bit_for_bit_and_its_seed_matters(photo, painting):
    frames = run(photo, painting, init="noise", seed=3)
    assert same_frames(frames, run(photo, painting, init="noise", seed=3))
    assert not torch.equal(frames[0].image, run(photo, painting, init="noise", seed=4)[0].image)


def test_raising_steps_during_a_run_prolongs_it(photo, painting):
    frames = steered(photo, painting, {0: replace(QUICK, steps=2), 1: replace(QUICK, steps=5)})
    assert [frame.step for frame in frames] == [0, 1, 2, 3, 4, 5]


def test_lowering_steps_during_a_run_ends_it(photo, painting):
    frames = steered(photo, painting, {0: QUICK, 3: replace(QUICK, steps=1)})
    assert [frame.step for frame in frames] == [0, 1, 2, 3]


def test_raised_steps_never_lead_back_to_a_coarser_stage(tall_photo, painting):
    changes = {0: replace(QUICK, steps=4), 4: replace(QUICK, steps=9)}
    sides = [frame.image.shape[-2] for frame in steered(tall_photo, painting, changes)]
    assert sides == [96] * 3 + [192] * 7


@pytest.mark.every_device
@pytest.mark.parametrize(
    "change",
    [
        {"alpha": 3.0},
        {"beta": 50.0},
        {"tv": 9.0},
        {"content_layer": "relu1_2"},
        {"style_layers": ["relu1_2"]},
        {"statistic": "covariance"},
        {"style_scale": 0.7},
        {"match_colors": True},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_moved_knob_acts_on_the_very_next_step(photo, painting, network, change):
    after = replace(QUICK, **change)
    frames = steered(photo, painting, {0: QUICK, 3: after})
    last, frame = frames[3].image, frames[4]
    assert frames[3].settings == QUICK
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
        (LARGE, replace(LARGE, match_colors=True)),
        (LARGE, replace(LARGE, style_layers=["relu1_1", "relu2_1", "relu3_1"])),
    ],
    ids=["style_scale", "statistic", "match_colors", "style_layers"],
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


@pytest.mark.every_device
@every_optimizer
@every_init
def test_a_run_interrupted_at_any_step_ends_as_if_it_had_not_been(
    tall_photo, painting, init, optimizer, tmp_path
):
    options = {"init": init, "optimizer": optimizer}
    whole = run(tall_photo, painting, TWO_STAGES, **options)
    assert [frame.image.shape[-2] for frame in whole] == [96] * 4 + [192] * 3
    for frame in whole:
        frame.state.save(tmp_path / "run.state")
        state = State.load(tmp_path / "run.state")
        rest = run(tall_photo, painting, TWO_STAGES, **options, state=state)
        assert same_frames(rest, whole[frame.step + 1 :])


CONTINUE = """
import pickle, sys
from pathlib import Path
import torch
from style_transfer.engine.optimize import stylize
from style_transfer.engine.state import State
from style_transfer.losses.statistics import STATISTICS

torch.set_num_threads(1)
folder = Path(sys.argv[1])
photo, painting, settings = pickle.loads((folder / "arguments").read_bytes())
for file in folder.glob("*.state"):
    init, optimizer = file.stem.split("-")
    state = State.load(file)
    for frame in stylize(
        photo, painting, lambda: settings, init=init, optimizer=optimizer, state=state
    ):
        pass
    frame.state.save(file)
"""


@pytest.mark.integration
def test_a_run_can_be_continued_in_a_new_process(tall_photo, painting, tmp_path):
    (tmp_path / "arguments").write_bytes(pickle.dumps((tall_photo, painting, TWO_STAGES)))
    last = {}
    for init in INITS:
        for optimizer in OPTIMIZERS:
            frames = run(tall_photo, painting, TWO_STAGES, init=init, optimizer=optimizer)
            frames[3].state.save(tmp_path / f"{init}-{optimizer}.state")
            last[f"{init}-{optimizer}"] = frames[-1].image
    subprocess.run([sys.executable, "-c", CONTINUE, str(tmp_path)], check=True)
    for name, image in last.items():
        state = State.load(tmp_path / f"{name}.state")
        assert state.step == TWO_STAGES.steps
        apart = (state.image - image).abs().max().item()
        assert apart == 0, (name, apart, sorted(state.timings.as_dict()), torch.get_num_threads())


def test_a_finished_run_can_be_prolonged(photo, painting):
    state = run(photo, painting, replace(QUICK, steps=5))[-1].state
    assert same_frames(run(photo, painting, state=state), run(photo, painting)[6:])


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

            def evaluate(self, image, settings):
                return spoil(next(numbers), inner.evaluate(image, settings))

        return Evaluator()


def nan_losses(spoilt):
    """Makes the losses NaN in those evaluations whose number, from 1, `spoilt` names."""

    def spoil(number, evaluation):
        if not spoilt(number):
            return evaluation
        return replace(evaluation, losses=dict.fromkeys(evaluation.losses, float("nan")))

    return Spoilt(spoil)


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


@every_optimizer
def test_frames_are_never_written_to_afterwards(tall_photo, painting, optimizer):
    def tensors(frame):
        state = frame.state
        kept = (frame.image, frame.content, state.image, state.good, *state.memory)
        return [tensor for tensor in kept if tensor is not None]

    frames, copies = [], []
    for frame in stylize(tall_photo, painting, lambda: QUICK, optimizer=optimizer):
        frames.append(frame)
        copies.append([tensor.clone() for tensor in tensors(frame)])
    for frame, copied in zip(frames, copies, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(tensors(frame), copied, strict=True))
        assert not frame.image.requires_grad


@every_init
def test_every_picture_has_the_size_asked_for(tall_photo, painting, init):
    for frame in run(tall_photo, painting, init=init):
        assert frame.picture.shape == tall_photo.shape
        assert frame.image.min() >= 0
        assert frame.image.max() <= 1
    torch.testing.assert_close(frame.picture, frame.image)


@pytest.mark.every_device
def test_gradients_are_on_wherever_the_run_is_driven_from(photo, painting):
    with torch.no_grad():
        assert not torch.is_grad_enabled()
        frames = run(photo, painting)
        assert not torch.is_grad_enabled()
    assert same_frames(frames, run(photo, painting))
    for _ in stylize(photo, painting, lambda: QUICK):
        assert torch.is_grad_enabled()


def test_the_pictures_of_the_caller_are_not_written_to(photo, painting):
    pictures = photo.clone(), painting.clone()
    run(*pictures)
    assert torch.equal(pictures[0], photo)
    assert torch.equal(pictures[1], painting)


@pytest.mark.parametrize("name", ["init", "optimizer"])
def test_an_unknown_choice_is_refused_with_all_that_are_allowed(photo, painting, name):
    allowed = {"init": INITS, "optimizer": OPTIMIZERS}[name]
    with pytest.raises(ValueError, match=f"{name} 'magic' is not one of {', '.join(allowed)}"):
        next(stylize(photo, painting, **{name: "magic"}))


def test_layers_that_the_network_lacks_are_refused(photo, painting):
    smaller = VGG()
    smaller.name = "torchvision-vgg16"
    settings = replace(QUICK, style_layers=["relu3_4"])
    with pytest.raises(ValueError, match="no layer 'relu3_4'; it has relu1_1, relu1_2"):
        run(photo, painting, settings, network=smaller)


class Towards:
    """An evaluator that knows no network: the squared distance from one grey."""

    made = 0

    def __init__(self, network, content, styles):
        self.styles, self.goal = styles, styles.images[0].mean()
        Towards.made += 1

    def evaluate(self, image, settings):
        away = image - self.goal
        losses = {"total": settings.beta * away.square().mean().item()}
        return Evaluation(losses, 2 * settings.beta * away / away.numel())


def test_any_evaluator_serves_and_each_stage_has_its_own(tall_photo, painting, monkeypatch):
    monkeypatch.setattr(Towards, "made", 0)
    frames = run(tall_photo, painting, replace(QUICK, steps=40), evaluator=Towards)
    assert Towards.made == 2
    assert frames[-1].losses["total"] < 0.01 * frames[1].losses["total"]
    assert (frames[-1].image - painting.mean()).abs().max() < 0.05
