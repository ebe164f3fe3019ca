"""TIFFs of every layout: each has the right pixels or is refused, never others."""

import io
import re

import numpy as np
import pytest
from PIL import Image, ImageCms

from style_transfer.picture_files import open_image, size_of
from tests.picture_files.files import pages, tiff

HEIGHT, WIDTH = 40, 60
DOWN, ACROSS = np.mgrid[0:HEIGHT, 0:WIDTH]
COLOURS = np.stack([ACROSS * 4, DOWN * 6, (ACROSS + DOWN) * 2], axis=2).astype(np.uint8)
GREYS = COLOURS[..., 0]
MODES = ("1", "L", "LA", "P", "I;16", "RGB", "RGBA", "RGBX", "CMYK", "LAB", "YCbCr", "F", "I")


def read(data):
    return np.asarray(open_image(io.BytesIO(data), "s.tif")).astype(int)


def deep(levels, kind=np.uint16):
    """8-bit levels as the same shades of a deeper whole number."""
    return levels.astype(kind) * (np.iinfo(kind).max // 255)


def in_mode(mode):
    """The picture in a mode of Pillow, and as it is to be read."""
    picture = Image.fromarray(COLOURS)
    if mode == "I;16":
        return Image.fromarray(deep(GREYS)), np.dstack([GREYS] * 3)
    if mode in ("F", "I"):
        return picture.convert("L").convert(mode), np.asarray(picture.convert("L").convert("RGB"))
    if mode == "LAB":
        srgb, lab = (ImageCms.createProfile(space) for space in ("sRGB", "LAB"))
        return ImageCms.profileToProfile(picture, srgb, lab, outputMode="LAB"), COLOURS
    if mode in ("LA", "RGBA"):
        picture.putalpha(Image.fromarray(np.uint8(255 - GREYS)))
        picture = picture.convert(mode)
        white = Image.new("RGBA", picture.size, "white")
        return picture, np.asarray(Image.alpha_composite(white, picture.convert("RGBA")))[..., :3]
    picture = picture.quantize(200) if mode == "P" else picture.convert(mode)
    return picture, np.asarray(picture.convert("RGB"))


@pytest.mark.parametrize("compression", [None, "tiff_deflate"])
@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("mode", MODES)
def test_a_turned_tiff_is_the_same_picture_by_path_and_by_file(
    mode, orientation, compression, tmp_path
):
    picture, expected = in_mode(mode)
    methods = [None, "FLIP_LEFT_RIGHT", "ROTATE_180", "FLIP_TOP_BOTTOM", "TRANSPOSE", "ROTATE_90"]
    method = [*methods, "TRANSVERSE", "ROTATE_270"][orientation - 1]
    stored = picture.transpose(Image.Transpose[method]) if method else picture
    exif = Image.Exif()
    exif[274] = orientation
    file = tmp_path / "s.tif"
    stored.save(file, exif=exif, compression=compression)
    if mode == "YCbCr" and compression is None:
        with pytest.raises(ValueError, match="uncompressed TIFF with YCbCr colours cannot be read"):
            open_image(file)
        return
    with file.open("rb") as stream:
        shown = [np.asarray(open_image(each)).astype(int) for each in (file, stream)]
    assert shown[0].shape == expected.shape
    apart = np.abs(shown[0] - expected)
    assert apart.mean() < 2 if mode == "LAB" else apart.max() <= 1  # a third of LAB is no colour
    assert np.array_equal(*shown)
    assert size_of(str(file)) == (HEIGHT, WIDTH)


def test_whole_numbers_have_the_range_that_their_file_declares():
    dark = np.uint16(GREYS)  # 0 to 236 of 65535
    assert read(tiff(dark)).max() <= 1
    for kind in (np.uint8, np.uint16, np.uint32, np.int32):
        levels = deep(GREYS, kind)
        assert np.abs(read(tiff(levels))[..., 0] - GREYS).max() <= 1, kind
    signed = np.int16(GREYS) * 128 - 3000
    expected = np.clip(signed, 0, None) / 32767 * 255
    assert np.abs(read(tiff(signed))[..., 0] - expected).max() <= 1
    signed = np.int8(GREYS // 2 - 20)
    expected = np.clip(signed, 0, None) / 127 * 255
    assert np.abs(read(tiff(signed))[..., 0] - expected).max() <= 1


@pytest.mark.parametrize("white", [1, 255, 65535])
@pytest.mark.parametrize("excess", [1.02, 1.5, 40])
def test_a_float_that_exceeds_white_does_not_darken_the_others(white, excess):
    levels = np.float32(GREYS) / 255 * white
    levels[3, 5] = excess * white
    shown = read(tiff(levels))[..., 0]
    expected = np.minimum(levels / white, 1) * 255
    assert np.abs(shown - expected).max() <= 1


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
def test_floats_that_are_no_numbers_or_have_no_white_are_told(odd):
    levels = np.float32(GREYS) / 255
    levels[3, 5:7] = odd
    with pytest.raises(ValueError, match=r"^s\.tif: 2 of its pixels are no finite numbers"):
        read(tiff(levels))
    with pytest.raises(ValueError, match=r"^s\.tif: its levels go up to 2\.\d+e\+10"):
        read(tiff(np.float32(GREYS) * 1e8))


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
def test_white_is_zero_where_the_file_says_so(kind):
    levels = np.float32(GREYS) / 255 if kind is np.float32 else deep(GREYS, kind)
    assert np.abs(255 - read(tiff(levels, {262: 0}))[..., 0] - GREYS).max() <= 1


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_colours_in_separate_planes_are_right_or_refused(kind):
    levels = deep(COLOURS, kind)
    assert np.array_equal(read(tiff(levels)), COLOURS)
    if kind is np.uint16:
        words = r"^s\.tif: an uncompressed TIFF with 16 bits in separate planes cannot be read"
        with pytest.raises(ValueError, match=words):
            read(tiff(levels, planar=True))
    else:
        assert np.array_equal(read(tiff(levels, planar=True)), COLOURS)


SMALL = COLOURS[:, :48]
PREVIEW = {254: 1}


def test_the_full_picture_is_read_where_a_preview_comes_first():
    assert np.array_equal(read(pages([(SMALL, PREVIEW), (SMALL, PREVIEW), (COLOURS, {})])), COLOURS)
    assert np.array_equal(read(pages([(SMALL, {255: 2}), (COLOURS, {})])), COLOURS)
    assert np.array_equal(read(pages([(COLOURS, {}), (SMALL, PREVIEW)])), COLOURS)
    assert np.array_equal(read(tiff(COLOURS, PREVIEW)), COLOURS)  # there is no other


@pytest.mark.parametrize(
    "data",
    [
        tiff(SMALL, {254: 1, 330: deep(GREYS)}),
        pages([(SMALL, PREVIEW), (deep(GREYS), {262: 32803})]),  # a colour filter array
    ],
    ids=["nested", "next"],
)
def test_a_raw_photo_is_not_painted_from_its_preview(data):
    with pytest.raises(ValueError, match=r"^s\.tif: this is a raw photo of a camera; develop it"):
        read(data)


def test_a_tiff_that_cannot_be_read_says_which_can(tmp_path):
    words = "s.tif: of TIFF, colours of 8 or 16 bits and greys of up to 32 can be read"
    for levels in (np.float32(COLOURS) / 255, np.float64(GREYS), np.uint32(COLOURS)):
        with pytest.raises(ValueError, match=f"^{re.escape(words)}; save it so, or as PNG"):
            read(tiff(levels))


def test_a_twelve_bit_tiff_has_its_own_white():
    levels = np.uint16(GREYS) * 16
    pairs = levels.reshape(HEIGHT, -1, 2)
    packed = np.stack(  # two levels of 12 bits in three bytes
        [pairs[..., 0] >> 4, (pairs[..., 0] & 15) << 4 | pairs[..., 1] >> 8, pairs[..., 1] & 255],
        axis=2,
    ).astype(np.uint8)
    data = tiff(packed.reshape(HEIGHT, -1), {256: WIDTH, 258: 12})
    assert np.abs(read(data)[..., 0] - levels / 4095 * 255).max() <= 1


def test_tags_of_odd_values_do_not_matter():
    assert np.array_equal(read(tiff(COLOURS, {296: 65534, 282: 3, 283: 0})), COLOURS)
