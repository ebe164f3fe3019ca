"""Colour spaces, against the colour management of littleCMS."""

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from style_transfer.picture_files.profiles import COLOUR_SPACES, SRGB, ColourSpace

OTHERS = [space for space in COLOUR_SPACES.values() if space is not SRGB]
COLOURS = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)


def by_littlecms(levels, source, target):
    made = ImageCms.profileToProfile(Image.fromarray(levels), source, target)
    return np.asarray(made).astype(int)


@pytest.mark.parametrize("space", OTHERS, ids=lambda space: space.name)
def test_our_conversion_is_that_of_littlecms_with_our_profile(space):
    profile = ImageCms.ImageCmsProfile(io.BytesIO(space.profile))
    srgb = ImageCms.createProfile("sRGB")
    ours = np.rint(space.from_srgb(COLOURS / 255) * 255)
    assert np.abs(ours - by_littlecms(COLOURS, srgb, profile)).max() <= 1
    back = np.rint(space.to_srgb(COLOURS / 255) * 255)
    assert np.abs(back - by_littlecms(COLOURS, profile, srgb)).max() <= 2


@pytest.mark.parametrize("space", OTHERS, ids=lambda space: space.name)
def test_a_written_profile_is_read_as_the_space_it_is_of(space):
    read = ColourSpace.of_profile(space.profile)
    assert np.abs(read.to_srgb(COLOURS / 255) - space.to_srgb(COLOURS / 255)).max() < 1e-3


def test_the_srgb_profile_of_littlecms_is_read_as_srgb():
    data = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert ColourSpace.of_profile(data) is SRGB


@pytest.mark.parametrize("data", [b"", b"x" * 200, OTHERS[0].profile[:300]])
def test_what_is_no_profile_of_curves_and_a_matrix_is_none(data):
    assert ColourSpace.of_profile(data) is None


def test_a_table_of_levels_is_a_curve():
    gamma = (np.linspace(0, 1, 256) ** 1.8 * 65535).round().astype(">u2").tobytes()
    curve = b"curv" + bytes(4) + (256).to_bytes(4, "big") + gamma
    data = OTHERS[1].profile
    place = data.index(b"rTRC")
    at = len(data).to_bytes(4, "big") + len(curve).to_bytes(4, "big")
    read = ColourSpace.of_profile(data[: place + 4] + at + data[place + 12 :] + curve)
    assert read.curves[0].linear(np.array(0.5)) == pytest.approx(0.5**1.8, abs=1e-4)
    assert read.curves[0].encoded(np.array(0.5**1.8)) == pytest.approx(0.5, abs=1e-4)
