"""A run that begins with a picture of another one."""

import pytest
import torch

from style_transfer.engine import stylize
from style_transfer.images import open_image, to_tensor
from style_transfer.settings import Settings
from style_transfer.ui.panels.inputs import FIRST_STYLE, PHOTOS


@pytest.fixture(scope="module")
def pictures():
    return to_tensor(open_image(PHOTOS[2]), 192), to_tensor(open_image(FIRST_STYLE), 96)


@pytest.mark.integration
def test_its_first_frame_is_that_picture_whatever_the_scale(pictures):
    settings = Settings(steps=8)
    frames = [frame for frame in stylize(*pictures, lambda: settings) if frame.step <= 3]
    picture = frames[-1].picture
    assert frames[-1].image.shape != picture.shape  # it was coarse
    first, second, *_ = stylize(*pictures, lambda: settings, init=picture, step=3)
    assert torch.equal(first.picture, picture)
    assert first.step == 3
    assert second.step == 4
    assert second.image.shape == frames[-1].image.shape


@pytest.mark.integration
def test_it_goes_on_as_the_other_run_did(pictures):
    settings = Settings(steps=8)
    frames = list(stylize(*pictures, lambda: settings))
    branch = list(stylize(*pictures, lambda: settings, init=frames[3].picture, step=3))
    # Only the optimiser's memory is new.
    assert branch[1].losses["style"] == pytest.approx(frames[4].losses["style"], rel=0.05)
    assert branch[-1].step == 8
    assert branch[-1].losses["total"] < 1.5 * frames[-1].losses["total"]
