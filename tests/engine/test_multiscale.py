from dataclasses import replace

import pytest
import torch

from style_transfer.engine.evaluator import NO_MATCHES
from style_transfer.engine.local_style import local_styles
from style_transfer.engine.multiscale import (
    FORMS_SIDE,
    LARGE_SIDE,
    LARGE_SIDE_WITHOUT_FORMS,
    SMALL_SIDE,
    SMALL_WEIGHT,
    MultiscaleObjective,
    evaluation_shares,
    evaluation_sizes,
)
from style_transfer.engine.objective import Objective
from style_transfer.engine.strokes import Stroke
from style_transfer.engine.styles import Styles
from style_transfer.images import resize
from style_transfer.settings import Settings
from tests.conftest import smooth_picture

pytestmark = pytest.mark.every_device
QUICK = Settings(content_layer="relu2_1", style_layers=["relu1_1", "relu2_1"], tv=1.0)


def test_only_large_pictures_are_measured_at_smaller_sizes_too():
    assert evaluation_sizes((100, 2 * FORMS_SIDE - 1)) == [(100, 2 * FORMS_SIDE - 1)]
    assert evaluation_sizes((200, LARGE_SIDE - 1)) == [(200, 287), (89, FORMS_SIDE)]
    assert evaluation_sizes((144, 288)) == [(144, 288), (128, SMALL_SIDE), (64, FORMS_SIDE)]
    assert evaluation_sizes((300, 512)) == [(300, 512), (150, SMALL_SIDE), (75, FORMS_SIDE)]
    assert evaluation_sizes((2048, 1024)) == [(2048, 1024), (256, 128), (128, 64)]


@pytest.mark.parametrize(
    ("size", "sizes"),
    [
        ((32, 640), [(32, 640)]),
        ((33, 500), [(33, 500)]),
        ((100, 2000), [(100, 2000), (32, 640)]),
        ((40, 300), [(40, 300), (34, 256), (32, 240)]),
    ],
)
def test_a_narrow_picture_is_measured_at_no_two_sizes_that_are_nearly_one(size, sizes):
    assert evaluation_sizes(size) == sizes
    for forms in (0, 0.2):
        assert sum(evaluation_shares(size, Settings(large_forms=forms))) == pytest.approx(1)


@pytest.mark.parametrize("side", [64, 255, 256, 287, 288, 511, 512, 2048])
@pytest.mark.parametrize("forms", [0, 0.2, 0.9])
def test_the_sizes_share_the_objective_and_the_smallest_has_what_is_asked_for(side, forms):
    size = (side, side)
    shares = evaluation_shares(size, Settings(large_forms=forms))
    assert len(shares) == len(evaluation_sizes(size))
    assert sum(shares) == pytest.approx(1)
    if side >= 2 * FORMS_SIDE:
        assert shares[-1] == forms
    if side >= LARGE_SIDE:
        counts = forms or side >= LARGE_SIDE_WITHOUT_FORMS
        assert shares[1] == pytest.approx((1 - forms) * SMALL_WEIGHT if counts else 0)


def test_a_small_picture_has_the_plain_objective(device, network, photo, painting):
    image = smooth_picture(5, 32, 32).to(device)
    multiscale = MultiscaleObjective(network, photo, painting).evaluate(image, QUICK)
    plain = Objective(network, photo, painting).evaluate(image, QUICK)
    assert multiscale.losses == plain.losses
    assert torch.equal(multiscale.gradient, plain.gradient)


def at_size(image, size):
    return resize(image, size).clamp(0, 1)


def objective_at(size, network, photo, painting):
    return Objective(network, at_size(photo, size), painting)


def mean_losses(objective_of, image, settings):
    """The mean of the losses of the objectives that a function gives for each size."""
    sizes, shares = (
        evaluation_sizes(image.shape[-2:]),
        evaluation_shares(image.shape[-2:], settings),
    )
    means = dict[str, float]()
    for size, share in zip(sizes, shares, strict=True):
        losses = objective_of(size).evaluate(resize(image, size), settings).losses
        means = {name: means.get(name, 0.0) + share * loss for name, loss in losses.items()}
    return means


@pytest.mark.parametrize(
    ("width", "forms"),
    [
        (256, 0.3),
        pytest.param(288, 0.3, marks=pytest.mark.integration),
        pytest.param(512, 0.3, marks=pytest.mark.integration),
        pytest.param(512, 0, marks=pytest.mark.integration),
    ],
)
def test_the_losses_of_a_large_picture_are_a_mean_of_all_sizes(
    device, network, painting, width, forms
):
    settings = replace(QUICK, large_forms=forms)
    photo, image = smooth_picture(1, 64, width).to(device), smooth_picture(5, 64, width).to(device)
    found = MultiscaleObjective(network, photo, painting).evaluate(image, settings)
    means = mean_losses(lambda size: objective_at(size, network, photo, painting), image, settings)
    assert found.losses == pytest.approx(means, rel=1e-5)


@pytest.mark.parametrize(
    "names", [("content", "styles"), ("content_target", "local_styles")], ids=" and ".join
)
def test_what_is_assigned_during_a_run_acts_at_every_size(device, network, painting, names):
    photo, image, other = (smooth_picture(seed, 64, 256).to(device) for seed in (1, 5, 6))
    assigned = {
        "styles": Styles((smooth_picture(7).to(device),)),
        "local_styles": local_styles([Stroke("like", ((0.4, 0.5, 1.0),), 0.2)]),
    }
    settings = replace(QUICK, large_forms=0.3, motifs=0)
    objective = MultiscaleObjective(network, photo, painting)
    before = objective.evaluate(image, settings).losses
    for name in names:
        setattr(objective, name, assigned.get(name, other))
    found = objective.evaluate(image, settings).losses

    def small_one(size):
        small = objective_at(size, network, photo, painting)
        for name in names:
            setattr(small, name, assigned.get(name, at_size(other, size)))
        return small

    assert found == pytest.approx(mean_losses(small_one, image, settings), rel=1e-5)
    assert all(
        found[name] != pytest.approx(before[name], rel=0.01) for name in ("content", "style")
    )


def test_a_size_without_a_share_is_left_out_and_comes_back(device, network, painting, monkeypatch):
    photo, widths, view = smooth_picture(1, 96, 288).to(device), [], Objective.view

    def noted(self, *rest):
        made = view(self, *rest)
        widths.append(made.size[1])
        return made

    monkeypatch.setattr(Objective, "view", noted)
    objective, matches = MultiscaleObjective(network, photo, painting), NO_MATCHES
    for forms, expected in ((0.2, [288, 256, 128]), (0, [288]), (0.2, [288, 256, 128])):
        settings = replace(QUICK, large_forms=forms)
        matches = objective.evaluate(photo, settings, matches).matches
        assert widths == expected
        widths.clear()


@pytest.mark.integration
def test_the_gradient_of_a_large_picture_is_the_slope_of_its_loss(device, network, painting):
    objective = MultiscaleObjective(network, smooth_picture(1, 64, 512).to(device), painting)
    image = smooth_picture(5, 64, 512).to(device)
    evaluation = objective.evaluate(image, QUICK)
    direction = evaluation.gradient / evaluation.gradient.norm()
    ahead, behind = (
        objective.evaluate(image + way * direction, QUICK).losses["total"] for way in (0.3, -0.3)
    )
    assert (ahead - behind) / 0.6 == pytest.approx(evaluation.gradient.norm().item(), rel=0.05)


@pytest.mark.integration
def test_other_styles_act_at_both_sizes(device, network, painting):
    photo, other = smooth_picture(1, 64, 512).to(device), smooth_picture(7).to(device)
    objective = MultiscaleObjective(network, photo, painting)
    objective.evaluate(photo, QUICK)
    objective.styles = MultiscaleObjective(network, photo, other).styles
    fresh = MultiscaleObjective(network, photo, other)
    assert objective.evaluate(photo, QUICK).losses == fresh.evaluate(photo, QUICK).losses
