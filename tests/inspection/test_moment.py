"""The size at which a moment is looked at, and what the objective has there."""

from dataclasses import replace

import pytest
import torch

from style_transfer.engine import MultiscaleObjective, Styles, multiscale
from style_transfer.inspection import Inspector, Moment, color_changes, content_map
from style_transfer.settings import Settings
from tests.conftest import LECTURE, smooth_picture

FEW_LAYERS = {"content_layer": "relu2_1", "style_layers": {"relu1_1": 1.0, "relu2_1": 2.0}}


@pytest.mark.parametrize(
    ("side", "settings", "seen", "share"),
    [
        (255, Settings(), 255, 1),
        (256, Settings(), 256, 0.8),
        (287, Settings(), 287, 0.8),
        (288, Settings(), 256, 0.52),
        (4096, Settings(), 256, 0.52),
        (256, Settings(large_forms=0.5), 128, 0.5),
        (4096, Settings(large_forms=0.9), 128, 0.9),
        (511, LECTURE, 511, 1),
        (512, LECTURE, 256, 0.65),
    ],
)
def test_a_picture_is_looked_at_at_the_size_that_counts_most(side, settings, seen, share):
    picture = torch.zeros(1, 3, side // 4, side)
    moment = Moment(picture, picture, Styles((picture,)), settings)
    assert moment.size == (round(side // 4 * seen / side), seen)
    assert moment.share == pytest.approx(share)
    assert moment.at(picture.device).image.shape[-2:] == moment.size


@pytest.mark.parametrize("forms", [0.2, pytest.param(0.9, marks=pytest.mark.integration)])
def test_the_losses_that_are_shown_are_those_the_objective_has_at_that_size(
    network, painting, monkeypatch, forms
):
    settings = Settings(large_forms=forms, motifs=0, **FEW_LAYERS)
    photo, image = smooth_picture(1, 96, 432), smooth_picture(5, 64, 288)
    moment = Moment(image, photo, Styles((painting,)), settings)
    # It alone counts.
    shares = [float(size == moment.size) for size in multiscale.evaluation_sizes((64, 288))]
    assert sum(shares) == 1
    monkeypatch.setattr(multiscale, "evaluation_shares", lambda *_: shares)
    resized = multiscale.resize_clamped(photo, (64, 288))
    expected = MultiscaleObjective(network, resized, painting).evaluate(image, settings).losses
    inspector = Inspector(network, network.device)
    compared = {layer: inspector.compare(moment, layer) for layer in settings.style_layers}
    for layer, each in compared.items():
        assert each.distance() == pytest.approx(expected[layer], rel=1e-4)
    assert content_map(compared["relu2_1"]).mean().item() == pytest.approx(expected["content"])
    objective, here = inspector.objective(moment)
    assert objective.evaluate(here.image, settings).losses == pytest.approx(expected, rel=1e-5)


def test_changes_of_a_picture_with_one_size_sum_to_the_gradient_of_its_step(network, painting):
    settings = replace(LECTURE, tv=0.3, motifs=0.2, style_scale=2.0, **FEW_LAYERS)
    photo, image = smooth_picture(1, 48, 264), smooth_picture(5, 48, 264)
    whole = MultiscaleObjective(network, photo, painting).evaluate(image, settings).gradient
    moment = Moment(image, photo, Styles((painting,)), settings)
    objective, here = Inspector(network, network.device).objective(moment)
    changes = dict(color_changes(objective, here, "relu2_1"))
    found = sum(change for term, change in changes.items() if term != "layer")
    torch.testing.assert_close(found, -whole, rtol=1e-3, atol=1e-3 * whole.abs().max().item())
