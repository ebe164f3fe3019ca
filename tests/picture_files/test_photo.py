"""Photos with all of their bits, their transparency, and what their files say beside."""

import io

import numpy as np
import pytest
from PIL import Image
from PIL.ExifTags import IFD, Base
from PIL.PngImagePlugin import putchunk

from style_transfer.picture_files import COLOUR_SPACES, Metadata, encode, open_image, open_photo
from tests.picture_files import files

RANDOM = np.random.default_rng(0)
DEEP = RANDOM.integers(0, 65536, (48, 64, 3), dtype=np.uint16)


def saved(image, form, **options):
    file = io.BytesIO()
    image.save(file, form, **options)
    return file


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("order", "<>")
def test_all_bits_of_a_tiff_are_read(compression, order):
    tifffile = pytest.importorskip("tifffile")
    file = io.BytesIO()
    tifffile.imwrite(
        file, DEEP, byteorder=order, photometric="rgb", compression=compression, metadata=None
    )
    assert (np.rint(open_photo(file).colours * 65535) == DEEP).all()


def test_all_bits_of_a_later_page_are_its_own():
    tifffile = pytest.importorskip("tifffile")
    file = io.BytesIO()
    tifffile.imwrite(file, np.stack([DEEP, DEEP[::-1]]), photometric="rgb", metadata=None)
    assert (np.rint(open_photo(file, page=2).colours * 65535) == DEEP[::-1]).all()


def test_all_bits_of_a_png_are_read():
    file = io.BytesIO(files.png(DEEP, 16))
    assert (np.rint(open_photo(file).colours * 65535) == DEEP).all()


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("channels", [3, 4])
def test_what_is_written_with_16_bits_is_read_so(suffix, channels):
    if suffix == ".tif":
        pytest.importorskip("tifffile")
    levels = RANDOM.integers(257, 65536, (48, 64, channels), dtype=np.uint16)
    photo = open_photo(io.BytesIO(encode(levels, suffix, Metadata(dpi=300))))
    assert (np.rint(photo.colours * 65535) == levels[..., :3]).all()
    assert (photo.opacity is None) == (channels == 3)
    if channels == 4:
        assert (np.rint(photo.opacity * 65535) == levels[..., 3]).all()
    assert photo.dpi == pytest.approx(300, abs=0.01)


def test_deep_greys_keep_their_levels():
    deep = np.arange(64 * 48, dtype=np.uint16).reshape(48, 64) * 21
    photo = open_photo(saved(Image.fromarray(deep), "PNG"))
    assert (np.rint(photo.colours * 65535) == deep[..., np.newaxis]).all()


@pytest.mark.parametrize("space", [b"XYZ ", b"Lab "])
@pytest.mark.parametrize("form", ["uint16 PNG", "uint16 TIFF", "float32 TIFF"])
def test_deep_greys_with_a_profile_are_those_of_8_bits(form, space):
    profile, (kind, name) = files.grey_profile(1.4, space), form.split()
    greys = np.tile(np.arange(64, 256, 3, dtype=np.uint8), (48, 1))
    levels = (greys * np.uint16(257)) if kind == "uint16" else greys / np.float32(255)
    deep = open_photo(saved(Image.fromarray(levels), name, icc_profile=profile)).colours
    shallow = open_image(saved(Image.fromarray(greys), "PNG", icc_profile=profile))
    assert np.abs(deep * 255 - np.asarray(shallow)).max() < 1  # by LittleCMS
    assert np.abs(deep[..., 0] * 255 - greys).max() > 9


def test_deep_greys_with_a_profile_keep_their_steps():
    deep = np.arange(64 * 48, dtype=np.uint16).reshape(48, 64) + 30_000
    photo = open_photo(saved(Image.fromarray(deep), "PNG", icc_profile=files.grey_profile(1.8)))
    assert (np.diff(photo.colours[..., 0].ravel()) > 0).all()


def test_greys_with_a_profile_of_something_else_are_read_as_they_are():
    deep = np.arange(64 * 48, dtype=np.uint16).reshape(48, 64) * 21
    for profile in (COLOUR_SPACES["adobe-rgb"].profile, files.grey_profile(1.8)[:140]):
        photo = open_photo(saved(Image.fromarray(deep), "PNG", icc_profile=profile))
        assert (np.rint(photo.colours[..., 0] * 65535) == deep).all()


@pytest.mark.parametrize("orientation", [1, 6, 7])
@pytest.mark.parametrize("max_side", [None, 40])
def test_an_opaque_photo_of_8_bits_is_that_of_open_image(orientation, max_side):
    exif = Image.Exif()
    exif[Base.Orientation] = orientation
    image = Image.fromarray((DEEP >> 8).astype(np.uint8))
    for form, options in (("PNG", {}), ("JPEG", {"quality": 95})):
        file = saved(image, form, exif=exif, **options)
        expected = np.asarray(open_image(file, max_side=max_side))
        assert (open_photo(file, max_side=max_side).colours == expected).all()


def test_a_turned_deep_photo_is_upright():
    exif = Image.Exif()
    exif[Base.Orientation] = 6
    data = encode(DEEP, ".png")
    end = io.BytesIO()
    putchunk(end, b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0"))
    photo = open_photo(io.BytesIO(data[:33] + end.getvalue() + data[33:]))
    assert (np.rint(photo.colours * 65535) == np.rot90(DEEP, -1)).all()


def test_a_turned_tiff_is_reduced_in_its_upright_proportions():
    levels = (DEEP >> 8).astype(np.uint8)  # 64 wide, 48 high
    file = io.BytesIO(files.tiff(levels, {274: 6}))
    assert open_photo(file, max_side=48).colours.shape == (48, 36, 3)
    assert (open_photo(file).colours == np.rot90(levels, -1)).all()


def test_a_reduced_edge_has_the_colour_of_what_is_seen_alone():
    levels = np.zeros((64, 64, 4), np.uint8)
    levels[:, :31] = (255, 0, 0, 255)
    levels[:, 31:] = (0, 255, 0, 0)  # green, but nobody sees it
    photo = open_photo(saved(Image.fromarray(levels), "PNG"), max_side=32)
    seen = photo.opacity > 0.01
    assert np.abs(photo.colours[seen] - (1, 0, 0)).max() < 0.02
    assert 0 < photo.opacity[5, 15] < 1


def test_a_small_photo_is_enlarged_where_that_is_asked_for():
    file = saved(Image.fromarray((DEEP >> 8).astype(np.uint8)), "PNG")
    assert open_photo(file, max_side=96).colours.shape == (48, 64, 3)
    assert open_photo(file, max_side=96, enlarged=True).colours.shape == (72, 96, 3)
    assert open_photo(file, max_side=32, enlarged=True).colours.shape == (32, 43, 3)


@pytest.mark.parametrize("name", ["display-p3", "adobe-rgb"])
def test_a_deep_photo_of_another_colour_space_becomes_srgb(name):
    space = COLOUR_SPACES[name]
    srgb = RANDOM.random((48, 64, 3))
    levels = np.rint(space.from_srgb(srgb) * 65535).astype(np.uint16)
    photo = open_photo(io.BytesIO(encode(levels, ".png", Metadata(profile=space.profile))))
    assert photo.profile == space.profile
    assert np.abs(photo.colours - srgb).max() < 1e-3


def test_a_page_of_a_tiff_is_chosen_by_its_number():
    pages = [Image.new("RGB", (48, 48), colour) for colour in ("red", "lime", "blue")]
    file = saved(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    assert open_photo(file).colours[0, 0].tolist() == [255, 0, 0]
    assert open_photo(file, page=3).colours[0, 0].tolist() == [0, 0, 255]
    with pytest.raises(ValueError, match=r"the picture: it has no page 4"):
        open_photo(file, page=4)
    with pytest.raises(ValueError, match="only a TIFF has pages"):
        open_photo(saved(pages[0], "PNG"), page=2)


def test_exif_is_kept_without_orientation_and_sizes():
    exif = Image.Exif()
    exif[Base.Artist], exif[Base.Orientation] = "Berthe", 3
    exif[IFD.Exif] = {Base.FNumber: 2.8, Base.ExifImageWidth: 9, Base.MakerNote: b"x" * 9}
    exif[IFD.GPSInfo] = {1: "N"}
    photo = open_photo(saved(Image.new("RGB", (48, 48)), "JPEG", exif=exif))
    for suffix in (".png", ".jpg", ".webp", ".tif"):
        made = encode(np.zeros((48, 48, 3), np.uint8), suffix, Metadata("{}", exif=photo.exif))
        with Image.open(io.BytesIO(made)) as image:
            kept = image.getexif()
            assert kept[Base.Artist] == "Berthe"
            assert Base.Orientation not in kept
            assert float(kept.get_ifd(IFD.Exif)[Base.FNumber]) == pytest.approx(2.8)
            assert Base.ExifImageWidth not in kept.get_ifd(IFD.Exif)
            assert Base.MakerNote not in kept.get_ifd(IFD.Exif)
            assert kept.get_ifd(IFD.GPSInfo)[1] == "N"


class Bytes(str):
    """A text that Pillow writes as UTF-8, as programs for photos do."""

    def encode(self, *_):
        return super().encode("utf-8")


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif"])
def test_texts_that_are_kept_have_the_bytes_that_they_had(suffix):
    artist, owner = "Søren 星".encode(), "Jürgen".encode()
    exif = Image.Exif()
    exif[Base.Artist] = Bytes(artist.decode())
    exif[IFD.Exif] = {Base.CameraOwnerName: Bytes(owner.decode())}
    photo = open_photo(saved(Image.new("RGB", (48, 48)), "JPEG", exif=exif))
    made = encode(np.zeros((48, 48, 3), np.uint8), suffix, Metadata("{}", exif=photo.exif))
    assert artist + b"\0" in made
    assert owner + b"\0" in made


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif", ".avif", ".bmp"])
def test_a_resolution_that_is_written_is_read_again(suffix):
    if suffix == ".avif" and ".avif" not in Image.registered_extensions():
        pytest.skip("needs Pillow with AVIF")
    made = encode(np.zeros((48, 48, 3), np.uint8), suffix, Metadata(dpi=240))
    assert open_photo(io.BytesIO(made)).dpi == pytest.approx(240, abs=0.02)


def test_a_resolution_in_centimetres_is_one_in_inches():
    exif = Image.Exif()
    exif[Base.XResolution], exif[Base.ResolutionUnit] = 100.0, 3
    photo = open_photo(saved(Image.new("RGB", (48, 48)), "WEBP", exif=exif))
    assert photo.dpi == pytest.approx(254)


def test_a_tiff_without_a_resolution_has_none():
    levels = np.zeros((48, 48, 3), np.uint8)
    assert open_photo(io.BytesIO(files.tiff(levels))).dpi is None
    assert open_photo(io.BytesIO(encode(levels, ".tif", Metadata(dpi=300)))).dpi == 300


def test_of_a_jpeg_with_a_second_picture_the_base_picture_is_read():
    base, gains = Image.new("RGB", (64, 48), "red"), Image.new("RGB", (32, 24), "blue")
    file = saved(base, "MPO", save_all=True, append_images=[gains], quality=95)
    photo = open_photo(file)
    assert photo.colours.shape == (48, 64, 3)
    assert np.abs(photo.colours[24, 32].astype(int) - (255, 0, 0)).max() <= 3


def test_memory_that_ends_while_a_photo_is_decoded_is_no_damage(tmp_path, monkeypatch):
    def short_of_memory(*_):
        raise MemoryError

    Image.new("RGB", (48, 48)).save(tmp_path / "photo.png")
    monkeypatch.setattr("style_transfer.picture_files.photo.decode", short_of_memory)
    with pytest.raises(ValueError, match=r"photo\.png: there is not enough memory") as refused:
        open_photo(tmp_path / "photo.png")
    assert isinstance(refused.value.__cause__, MemoryError)
