"""What one layer keeps of a photo and of a painting."""

from dataclasses import replace

import pytest
import torch

from style_transfer.engine import Styles, stylize
from style_transfer.inspection import Inspector, Moment, reconstruction_settings, style_matrix
from style_transfer.settings import Settings
from tests.conftest import LECTURE, smooth_picture


def made_again(network, source, layer, photo, painting, steps=50):
    settings = replace(reconstruction_settings(source, layer, LECTURE), steps=steps)
    run = stylize(photo, Styles((painting,)), lambda: settings, init="noise", network=network)
    *_, last = run
    return last


@pytest.mark.integration
def test_the_first_layer_keeps_the_photo_and_the_last_only_forms(network, painting):
    photo, errors = smooth_picture(1, 64, 64), {}
    for layer in ("relu1_1", "relu5_1"):
        picture = made_again(network, "photo", layer, photo, painting).image
        errors[layer] = 255 * (picture - photo).square().mean().sqrt().item()
    assert errors["relu1_1"] < 15
    assert errors["relu5_1"] > 2 * errors["relu1_1"]


@pytest.mark.integration
@pytest.mark.parametrize("layer", ["relu1_1", "relu3_1"])
def test_a_texture_has_the_statistics_of_its_layer(network, photo, layer):
    painting = smooth_picture(2, 64, 64)
    last = made_again(network, "painting", layer, photo, painting)
    moment = Moment(last.image, photo, Styles((painting,)), last.settings)
    compared = Inspector(network, torch.device("cpu")).compare(moment, layer)
    assert compared.distance() < 0.01
    ours, theirs = style_matrix(compared), style_matrix(compared, painting=True)
    assert (ours - theirs).norm() < 0.1 * theirs.norm()
    assert compared.distance() < 0.01 < (compared.picture - compared.photo).abs().mean()


def test_only_that_layer_counts_whatever_the_settings_were():
    before = Settings(tv=3, motifs=0.5, beta=20, keep_colors=0.7, statistic="bures")
    photo = reconstruction_settings("photo", "relu3_2", before)
    assert (photo.alpha, photo.beta, photo.tv, photo.motifs) == (1, 0, 0, 0)
    painting = reconstruction_settings("painting", "relu3_2", before)
    assert (painting.alpha, painting.beta, painting.tv, painting.motifs) == (0, 1, 0, 0)
    assert painting.style_layers == {"relu3_2": 1.0}
    assert (painting.statistic, photo.content_layer) == ("bures", "relu3_2")


@pytest.mark.parametrize(
    ("source", "layer", "words"),
    [("style", "relu1_1", "source 'style' is not one of photo"), ("photo", "pixels", "layer 'pix")],
)
def test_what_cannot_be_made_is_refused(source, layer, words):
    with pytest.raises(ValueError, match=words):
        reconstruction_settings(source, layer, Settings())
