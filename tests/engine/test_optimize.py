from dataclasses import replace

import pytest
import torch

from style_transfer.engine.evaluator import Evaluation
from style_transfer.engine.initial_image import with_palette
from style_transfer.engine.optimize import INITS, stylize
from style_transfer.engine.optimizers import OPTIMIZERS
from style_transfer.engine.styles import Styles
from style_transfer.losses.statistics import STATISTICS
from style_transfer.network import VGG
from style_transfer.settings import Settings
from tests.comparison import same_frames
from tests.engine.runs import QUICK, every_init, every_optimizer, run


@pytest.mark.every_device
@pytest.mark.without_float64
def test_step_0_is_the_starting_image(photo, painting):
    starts = {init: run(photo, painting[..., :32], init=init)[0] for init in INITS}
    styles = Styles((painting[..., :32],))
    assert torch.equal(starts["content"].image, with_palette(photo, styles, QUICK))
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
    assert frames[-1].losses["total"] < frames[1].losses["total"]
    assert frames[-1].image.std() < photo.std()


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
    assert frames[1].losses["total"] < 1e-9
    torch.testing.assert_close(frames[1].image, photo, atol=1e-6, rtol=0)


@pytest.mark.parametrize("size", [(32, 640), (640, 32)])
def test_a_painting_may_be_as_long_and_narrow_as_pictures_may_be(photo, size):
    painting = torch.rand((1, 3, *size), generator=torch.Generator().manual_seed(0))
    assert len(run(photo, painting, Settings(steps=1))) == 2


def test_noise_is_repeatable_bit_for_bit_and_its_seed_matters(photo, painting):
    frames = run(photo, painting, init="noise", seed=3)
    assert same_frames(frames, run(photo, painting, init="noise", seed=3))
    assert not torch.equal(frames[0].image, run(photo, painting, init="noise", seed=4)[0].image)


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
    with pytest.raises(ValueError, match="no layer 'relu3_4'; it has pixels, relu1_1, relu1_2"):
        run(photo, painting, settings, network=smaller)


class Towards:
    """An evaluator that knows no network: the squared distance from one grey."""

    made = 0

    def __init__(self, network, content, styles):
        self.styles, self.goal = styles, styles.images[0].mean()
        Towards.made += 1

    def evaluate(self, image, settings, matches):
        away = image - self.goal
        losses = {"total": settings.beta * away.square().mean().item()}
        return Evaluation(losses, 2 * settings.beta * away / away.numel())


def test_any_evaluator_serves_and_each_stage_has_its_own(tall_photo, painting, monkeypatch):
    monkeypatch.setattr(Towards, "made", 0)
    frames = run(tall_photo, painting, replace(QUICK, steps=40), evaluator=Towards)
    assert Towards.made == 2
    assert frames[-1].losses["total"] < 0.01 * frames[1].losses["total"]
    assert (frames[-1].image - painting.mean()).abs().max() < 0.05
