import pytest
import torch

from style_transfer.engine.multiscale import (
    SMALL_SIDE,
    SMALL_WEIGHT,
    MultiscaleObjective,
    evaluation_sizes,
)
from style_transfer.engine.objective import Objective
from style_transfer.images import resize
from style_transfer.settings import Settings
from tests.conftest import smooth_picture

pytestmark = pytest.mark.every_device
QUICK = Settings(content_layer="relu2_1", style_layers=["relu1_1", "relu2_1"], tv=1.0)


def test_only_large_pictures_are_measured_twice():
    assert evaluation_sizes((200, 2 * SMALL_SIDE - 1)) == [(200, 2 * SMALL_SIDE - 1)]
    assert evaluation_sizes((300, 2 * SMALL_SIDE)) == [(300, 2 * SMALL_SIDE), (150, SMALL_SIDE)]
    assert evaluation_sizes((2048, 1024)) == [(2048, 1024), (SMALL_SIDE, SMALL_SIDE // 2)]


def test_a_small_picture_has_the_plain_objective(device, network, photo, painting):
    image = smooth_picture(5).to(device)
    anchored = MultiscaleObjective(network, photo, painting).evaluate(image, QUICK)
    plain = Objective(network, photo, painting).evaluate(image, QUICK)
    assert anchored.losses == plain.losses
    assert torch.equal(anchored.gradient, plain.gradient)


def test_the_losses_of_a_large_picture_are_a_mean_of_both_sizes(device, network, painting):
    photo, image = smooth_picture(1, 64, 512).to(device), smooth_picture(5, 64, 512).to(device)
    anchored = MultiscaleObjective(network, photo, painting).evaluate(image, QUICK)
    large = Objective(network, photo, painting).evaluate(image, QUICK)
    reduced = (resize(each, (32, 256)) for each in (photo, image))
    small_photo, small_image = reduced
    small = Objective(network, small_photo.clamp(0, 1), painting).evaluate(small_image, QUICK)
    for name, loss in anchored.losses.items():
        mean = (1 - SMALL_WEIGHT) * large.losses[name] + SMALL_WEIGHT * small.losses[name]
        assert loss == pytest.approx(mean, rel=1e-5)


def test_the_gradient_of_a_large_picture_is_the_slope_of_its_loss(device, network, painting):
    objective = MultiscaleObjective(network, smooth_picture(1, 64, 512).to(device), painting)
    image = smooth_picture(5, 64, 512).to(device)
    evaluation = objective.evaluate(image, QUICK)
    direction = evaluation.gradient / evaluation.gradient.norm()
    ahead, behind = (
        objective.evaluate(image + way * direction, QUICK).losses["total"] for way in (0.3, -0.3)
    )
    assert (ahead - behind) / 0.6 == pytest.approx(evaluation.gradient.norm().item(), rel=0.05)


def test_other_styles_act_at_both_sizes(device, network, painting):
    photo, other = smooth_picture(1, 64, 512).to(device), smooth_picture(7).to(device)
    objective = MultiscaleObjective(network, photo, painting)
    objective.evaluate(photo, QUICK)
    objective.styles = MultiscaleObjective(network, photo, other).styles
    fresh = MultiscaleObjective(network, photo, other)
    assert objective.evaluate(photo, QUICK).losses == fresh.evaluate(photo, QUICK).losses
