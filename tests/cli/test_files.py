"""Files as print shops and designers need them, from the command line."""

import io

import numpy as np
import pytest
from PIL import Image, ImageCms
from PIL.ExifTags import IFD, Base

from style_transfer.cli import run_command
from style_transfer.images import to_pil
from style_transfer.picture_files import COLOUR_SPACES, Metadata, encode, open_photo
from style_transfer.recipe import read_recipe
from tests.cli.conftest import QUICK

PHOTO_ALONE = [*QUICK, "--size", "96", "--beta", "0"]


@pytest.fixture
def paint(tmp_path, painting):
    """Paints a file's content so that the photo comes back, and returns the picture's path."""
    to_pil(painting).save(tmp_path / "style.png")

    def run(photo, suffix, *options, code=0):
        output = tmp_path / f"out{suffix}"
        given = [str(photo), str(tmp_path / "style.png"), "-o", str(output), *PHOTO_ALONE]
        assert run_command([*given, *options]) == code
        return output

    return run


def sky():
    """A gradient of 16 bits, of more levels than 8 bits have."""
    rising = np.linspace(20_000, 60_000, 96 * 96).reshape(96, 96, 1)
    return np.repeat(np.rint(rising), 3, 2).astype(np.uint16)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_a_sky_of_16_bits_keeps_its_levels_all_the_way(paint, tmp_path, suffix):
    pytest.importorskip("tifffile")
    (tmp_path / f"sky{suffix}").write_bytes(encode(sky(), suffix))
    made = paint(tmp_path / f"sky{suffix}", suffix, "--depth", "16")
    levels = np.rint(open_photo(made).colours * 65535)
    assert len(np.unique(levels[..., 1])) >= 4_000
    assert np.abs(levels - sky()).max() <= 2
    assert read_recipe(made).settings.beta == 0


def test_16_bits_are_refused_beforehand_where_the_format_has_8(paint, tmp_path, capsys):
    (tmp_path / "sky.png").write_bytes(encode(sky(), ".png"))
    paint(tmp_path / "sky.png", ".jpg", "--depth", "16", code=2)
    assert "16 bits a channel are written as .png, .tif" in capsys.readouterr().err


@pytest.fixture
def logo(tmp_path):
    """A red disc with a soft edge on nothing, whose hidden colour is green."""
    down, across = np.mgrid[-48:48, -48:48] + 0.5
    levels = np.zeros((96, 96, 4), np.uint8)
    levels[...] = (0, 255, 0, 0)
    opacity = np.clip(36 - np.hypot(down, across), 0, 1)
    levels[opacity > 0, :3] = (200, 30, 20)
    levels[..., 3] = np.rint(255 * opacity)
    Image.fromarray(levels).save(tmp_path / "logo.png")
    return tmp_path / "logo.png", levels


@pytest.mark.parametrize("suffix", [".png", ".tif", ".webp"])
def test_a_logo_stays_transparent_without_a_fringe(paint, logo, suffix):
    file, levels = logo
    with Image.open(paint(file, suffix)) as made:
        result = np.asarray(made).astype(int)
    assert (result[..., 3] == levels[..., 3]).all()
    seen = levels[..., 3] > 0
    near = 25 if suffix == ".webp" else 2
    assert np.abs(result[seen][:, :3] - (200, 30, 20)).max() <= near


def test_a_logo_is_laid_on_a_colour_where_that_is_asked_for(paint, logo):
    with Image.open(paint(logo[0], ".png", "--background", "#0000ff")) as made:
        assert made.mode == "RGB"
        assert made.getpixel((2, 2)) == pytest.approx((0, 0, 255), abs=2)
    with Image.open(paint(logo[0], ".jpg")) as made:
        assert made.getpixel((2, 2)) == pytest.approx((255, 255, 255), abs=6)


def test_a_colour_that_is_none_is_refused(paint, logo, capsys):
    paint(logo[0], ".png", "--background", "nowhere", code=2)
    assert "'nowhere' is no colour; use a name such as white" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["display-p3", "adobe-rgb"])
@pytest.mark.parametrize("depth", ["8", "16"])
def test_a_photo_of_another_colour_space_comes_back_in_it(paint, tmp_path, name, depth):
    space = COLOUR_SPACES[name]
    srgb = np.random.default_rng(0).random((96, 96, 3))  # colours that sRGB has
    levels = np.rint(space.from_srgb(srgb) * 255).astype(np.uint8)
    (tmp_path / "wide.png").write_bytes(encode(levels, ".png", Metadata(profile=space.profile)))
    made = paint(tmp_path / "wide.png", ".png", "--color-space", "photo", "--depth", depth)
    with Image.open(made) as picture:
        assert picture.info["icc_profile"] == space.profile
        assert np.abs(np.asarray(picture).astype(int) - levels).max() <= 2


def test_a_picture_gets_the_colour_space_that_is_asked_for(paint, tmp_path):
    Image.new("RGB", (96, 96), (200, 30, 20)).save(tmp_path / "photo.png")
    with Image.open(paint(tmp_path / "photo.png", ".jpg", "--color-space", "adobe-rgb")) as made:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(made.info["icc_profile"]))
        assert "Adobe RGB" in ImageCms.getProfileDescription(profile)
        shown = ImageCms.profileToProfile(made, profile, ImageCms.createProfile("sRGB"))
        assert shown.getpixel((48, 48)) == pytest.approx((200, 30, 20), abs=4)


def test_resolution_and_exif_come_along_where_they_are_asked_for(paint, tmp_path):
    exif = Image.Exif()
    exif[Base.Artist] = "Berthe"
    exif[IFD.GPSInfo] = {1: "N"}
    Image.new("RGB", (96, 96), "gray").save(tmp_path / "photo.jpg", exif=exif, dpi=(240, 240))
    for suffix in (".jpg", ".png", ".webp", ".tif"):
        with Image.open(paint(tmp_path / "photo.jpg", suffix)) as made:
            assert made.getexif().get(Base.Artist) is None
            assert not made.getexif().get_ifd(IFD.GPSInfo)
        made = paint(tmp_path / "photo.jpg", suffix, "--keep-exif", "--dpi", "300")
        with Image.open(made) as picture:
            assert picture.getexif()[Base.Artist] == "Berthe"
        assert open_photo(made).dpi == pytest.approx(300, abs=0.1)
        assert read_recipe(made).photo == "photo.jpg"


@pytest.mark.parametrize(
    "options", [("--color-space", "photo"), ("--keep-exif",), ("--dpi", "300")]
)
def test_what_a_format_cannot_hold_is_refused_before_painting(paint, tmp_path, capsys, options):
    Image.new("RGB", (96, 96), "gray").save(tmp_path / "photo.jpg", dpi=(240, 240))
    made = paint(tmp_path / "photo.jpg", ".gif", *options, code=2)
    assert "out.gif: this format holds no " in capsys.readouterr().err
    assert not made.exists()


def test_a_resolution_of_the_photo_is_left_out_where_the_format_has_none(paint, tmp_path, capsys):
    Image.new("RGB", (96, 96), "gray").save(tmp_path / "photo.jpg", dpi=(240, 240))
    assert paint(tmp_path / "photo.jpg", ".gif").exists()
    assert "out.gif" not in capsys.readouterr().err


def test_a_size_may_be_that_of_paper(paint, tmp_path):
    Image.new("RGB", (300, 200), "gray").save(tmp_path / "photo.png")
    made = paint(tmp_path / "photo.png", ".png", "--size", "2.54cm", "--dpi", "96")
    with Image.open(made) as picture:
        assert picture.size == (96, 64)
        assert picture.info["dpi"][0] == pytest.approx(96, abs=0.1)


def test_a_small_photo_is_enlarged_where_that_is_asked_for(paint, tmp_path):
    Image.new("RGB", (60, 40), "gray").save(tmp_path / "photo.png")
    with Image.open(paint(tmp_path / "photo.png", ".png", "--enlarge")) as made:
        assert made.size == (96, 64)
