"""Transparency and colour profiles, also of the depths that Pillow half supports."""

import io
import struct

import numpy as np
import pytest
from PIL import Image, ImageCms

from style_transfer.picture_files import open_image, open_mask
from tests.picture_files.files import grey_profile, png

SIDE = 40
GREYS = np.tile(np.arange(SIDE), (SIDE, 1)) * 6


def read(data):
    return np.asarray(open_image(io.BytesIO(data))).astype(int)


@pytest.mark.parametrize("bits", [2, 4, 8, 16])
def test_the_transparent_grey_of_a_png_is_white(bits):
    highest = 2**bits - 1
    levels = np.round(GREYS / GREYS.max() * highest).astype(int)
    transparent = levels[0, 13]
    shown = read(png(levels, bits, struct.pack(">H", transparent)))[..., 0]
    expected = np.where(levels == transparent, 255, levels / highest * 255)
    assert np.abs(shown - expected).max() <= 1


@pytest.mark.parametrize("bits", [8, 16])
def test_the_transparent_colour_of_a_png_is_white(bits):
    levels = np.stack([GREYS, GREYS.T, GREYS], axis=2) * (257 if bits == 16 else 1)
    transparent = levels[7, 13]
    shown = read(png(levels, bits, struct.pack(">3H", *transparent)))
    assert (shown[7, 13] == 255).all()
    assert (shown[7, 14] == [14 * 6, 7 * 6, 14 * 6]).all()


@pytest.mark.parametrize("mode", ["L", "LA"])
def test_a_profile_of_greys_is_applied_with_and_without_transparency(mode):
    picture = Image.fromarray(GREYS.astype(np.uint8))
    if mode == "LA":
        picture.putalpha(Image.new("L", picture.size, 255))
    file = io.BytesIO()
    picture.save(file, "PNG", icc_profile=grey_profile(1.0))
    shown = read(file.getvalue())[..., 0]
    light = GREYS[0] / 255
    expected = 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    assert np.abs(shown[0] - expected)[light > 0.1].max() <= 2  # coarse below, with 8 bits


def mask(colour, drawn, opacity=255):
    """A mask with the left half drawn in a colour, the rest of it transparent."""
    picture = Image.new("RGBA", (SIDE, SIDE), (*colour, 0))
    picture.paste((*drawn, opacity), (0, 0, SIDE // 2, SIDE))
    file = io.BytesIO()
    picture.save(file, "PNG")
    file.seek(0)
    read = open_mask(file, "mask.png")
    return read.getpixel((5, 5)), read.getpixel((SIDE - 5, 5))


BLACK, RED, WHITE = (0, 0, 0), (255, 0, 0), (255, 255, 255)


def test_what_is_drawn_on_nothing_is_the_mask():
    for behind in (BLACK, WHITE):
        assert mask(behind, WHITE) == (WHITE, BLACK)
        assert mask(behind, RED) == (RED, BLACK)
        assert mask(behind, BLACK) == (BLACK, WHITE)  # what is to be left was drawn
        assert mask(behind, WHITE, 128)[0] == (128, 128, 128)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
def test_a_mask_that_is_white_everywhere_is_told(mode):
    file = io.BytesIO()
    Image.new(mode, (SIDE, SIDE), "white").save(file, "PNG")
    with pytest.raises(ValueError, match=r"^mask\.png: this mask is white everywhere"):
        open_mask(file, "mask.png")


def test_a_mask_without_transparency_is_read_as_it_is():
    file = io.BytesIO()
    Image.fromarray(GREYS.astype(np.uint8)).save(file, "TIFF")
    assert np.array_equal(np.asarray(open_mask(file))[..., 0], GREYS)


def test_an_image_in_lab_has_its_colours():
    file = io.BytesIO()
    lab = ImageCms.createProfile("LAB")
    srgb = ImageCms.createProfile("sRGB")
    for colour in ((200, 60, 40), (20, 90, 160), WHITE):
        picture = Image.new("RGB", (SIDE, SIDE), colour)
        ImageCms.profileToProfile(picture, srgb, lab, outputMode="LAB").save(file, "TIFF")
        assert np.abs(read(file.getvalue())[5, 5] - colour).max() <= 3
        file = io.BytesIO()
