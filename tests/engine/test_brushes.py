"""What each brush does to pixels, against what is known by hand."""

import pytest
import torch

from style_transfer.engine.brushes import brushed, stroke_mask, surroundings
from style_transfer.engine.strokes import Stroke
from tests.conftest import smooth_picture

SIDE = 64
LINE = ((0.25, 0.5, 1), (0.75, 0.5, 1))


@pytest.fixture
def image():
    return smooth_picture(4, SIDE, SIDE)


def edge(at=SIDE // 2):
    """Black at the left of a column, white from it on."""
    return (torch.arange(SIDE) >= at).float().expand(1, 3, SIDE, SIDE).clone()


def test_a_mask_falls_off_from_the_line_to_the_radius():
    mask = stroke_mask(Stroke("wipe", ((0.5078125, 0.5078125, 1),), 0.125), (SIDE, SIDE))[0, 0]
    assert mask[32, 32] == pytest.approx(1, abs=1e-3)
    assert mask[32, 36] == pytest.approx((1 - (4 / 8) ** 2) ** 2, abs=1e-3)
    assert mask[32, 41:].max() == mask[:24].max() == 0


def test_a_mask_goes_with_pressure_and_strength():
    mask = stroke_mask(Stroke("wipe", ((0, 0.5, 0), (1, 0.5, 1)), 0.1, 0.5), (SIDE, SIDE))[0, 0]
    line = mask[31:33].amax(0)
    assert (line[1:] >= line[:-1]).all()
    assert line[-1] == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("kind", ["smear", "wipe", "color", "clone"])
def test_a_stroke_leaves_the_rest_of_the_picture_bit_for_bit(image, kind):
    stroke = Stroke(kind, LINE, 0.1, offset=(0.1, 0.1))
    changed = (brushed(image, stroke, 1 - image) != image).any(1)[0]
    assert changed[32, 32]
    assert not (changed & (surroundings(stroke, (SIDE, SIDE), 2.0)[0, 0] < 1)).any()


def test_wiping_brings_the_photo_back(image):
    photo = 1 - image
    wiped = brushed(image, Stroke("wipe", LINE, 0.25), photo)
    torch.testing.assert_close(
        wiped[..., 31:33, 20:44], photo[..., 31:33, 20:44], atol=1e-2, rtol=0
    )


def test_a_laid_in_colour_keeps_the_texture():
    stripes = 0.5 + 0.1 * (torch.arange(SIDE) % 2 * 2 - 1).float().expand(1, 3, SIDE, SIDE)
    color = (0.8, 0.2, 0.2)
    laid = brushed(stripes, Stroke("color", LINE, 0.25, color=color), stripes)[0, :, 32, 24:40]
    assert laid.mean(1).tolist() == pytest.approx(color, abs=0.02)
    assert laid.std(1).min() > 0.08


@pytest.mark.parametrize("x", [0.0078125, 0.3046875])  # at the border, and 12 px from the edge
def test_a_colour_laid_on_plain_paint_is_the_one_that_was_chosen(x):
    stroke = Stroke("color", ((x, 0.0078125, 1),), 0.15, color=(0.8, 0.2, 0.4))
    paint = 1 - edge()  # white at the left
    laid = brushed(paint, stroke, paint)[0, :, 0, round(x * SIDE - 0.5)]
    assert laid.tolist() == pytest.approx(stroke.color, abs=1e-3)


def test_cloning_copies_from_the_offset(image):
    stroke = Stroke("clone", ((0.2578125, 0.5078125, 1),), 0.1, offset=(0.5, 0.25))
    assert brushed(image, stroke, image)[0, :, 32, 16] == pytest.approx(
        image[0, :, 48, 48], abs=1e-3
    )


def test_smearing_moves_an_edge_along_the_stroke():
    smeared = brushed(edge(), Stroke("smear", ((0.4, 0.5, 1), (0.6, 0.5, 1)), 0.2), edge())
    row = smeared[0, 0, 32]
    assert row[36] < 0.05  # black paint was pushed over what was white
    assert row[-8:].min() == 1
    assert (row[1:] >= row[:-1] - 1e-6).all()  # pushed, not folded
    assert torch.equal(smeared[..., :16, :], edge()[..., :16, :])


def test_a_long_smear_does_not_blur(image):
    there_and_back = tuple((0.3 + 0.4 * (n % 2), 0.5, 1.0) for n in range(21))
    smeared = brushed(edge(), Stroke("smear", there_and_back, 0.1), edge())[0, 0, 32]
    assert (smeared[1:] - smeared[:-1]).abs().max() > 0.3


def test_without_movement_nothing_is_smeared(image):
    assert torch.allclose(
        brushed(image, Stroke("smear", ((0.5, 0.5, 1),)), image), image, atol=1e-6
    )


def test_a_stroke_outside_the_picture_changes_nothing(image):
    for kind in ("wipe", "smear", "color"):
        stroke = Stroke(kind, ((1.5, 1.5, 1), (1.7, 1.5, 1)), 0.1)
        assert torch.allclose(brushed(image, stroke, 1 - image), image, atol=1e-6)
