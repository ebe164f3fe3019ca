"""Levels of other formats than TIFF: 0 is black, and what the file declares is white."""

import io

import numpy as np
import pytest
from PIL import Image

from style_transfer.picture_files import open_image

GREYS = np.tile(np.arange(40, dtype=np.uint8) * 6, (40, 1))


def shown(data):
    return np.asarray(open_image(io.BytesIO(data)))[..., 0].astype(int)


def pgm(levels, highest):
    return b"P5 40 40 %d\n" % highest + levels.astype(">u2" if highest > 255 else "u1").tobytes()


@pytest.mark.parametrize("highest", [234, 255, 1000, 4095, 65535])
def test_the_white_of_a_pgm_is_the_one_it_names(highest):
    for levels in (GREYS, np.minimum(GREYS * 3.0, highest)):
        expected = levels / highest * 255
        assert np.abs(shown(pgm(levels, highest)) - expected).max() <= 1


def test_one_level_above_white_does_not_darken_a_pfm():
    levels = np.float32(GREYS) / 255
    levels[5, 5] = 1.02
    data = b"Pf\n40 40\n-1.0\n" + levels[::-1].astype("<f4").tobytes()
    assert np.abs(shown(data) - np.minimum(levels, 1) * 255).max() <= 1


@pytest.mark.parametrize("kind", ["PNG", "JPEG2000"])
def test_deep_greys_keep_their_shades(kind):
    file = io.BytesIO()
    dark = GREYS.astype(np.uint16) * 30
    Image.fromarray(dark).save(file, kind)
    assert np.abs(shown(file.getvalue()) - dark / 257).max() <= 1
