"""Files that cannot be read say what they are, and what to do."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from style_transfer.picture_files import open_image, opening, size_of


def psd(bits):
    return b"8BPS" + struct.pack(">H6xHLLHH", 1, 3, 64, 64, bits, 3) + b"\0" * 40_000


def box(brand):
    return struct.pack(">L", 24) + b"ftyp" + brand + b"\0" * 40


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (psd(16), "of PSD, only 8 bits for each channel can be read; reduce it to that, or save"),
        (psd(32), "of PSD, only 8 bits for each channel can be read"),
        (b"\x76\x2f\x31\x01" + b"\0" * 40, "this is EXR, a picture of high dynamic range; tone"),
        (b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n", "this is HDR, a picture of high dynamic range"),
        (box(b"crx "), "this is a raw photo of a camera; develop it and save it as JPEG or TIFF."),
        (b"FUJIFILMCCD-RAW 0201", "this is a raw photo of a camera"),
        (b"IIU\0\x18\0\0\0" + b"\0" * 40, "this is a raw photo of a camera"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL cannot be read; save it as JPEG or PNG."),
        (b"%PDF-1.4", "this is not a picture that can be read."),
    ],
)
def test_a_file_of_a_known_kind_says_what_can_be_read(data, words):
    with pytest.raises(ValueError, match=r"^photo: ") as caught:
        open_image(io.BytesIO(data), "photo")
    assert str(caught.value).startswith(f"photo: {words}")
    assert str(caught.value).endswith(".")


@pytest.fixture
def without_heic(monkeypatch):
    known = [each for each in opening._readable_formats() if each != "HEIF"]
    monkeypatch.setattr(opening, "_readable_formats", lambda: known)


@pytest.mark.usefixtures("without_heic")
@pytest.mark.parametrize("brand", [b"heic", b"mif1", b"hevc"])
def test_heic_says_what_reads_it(brand):
    words = "HEIC cannot be read here; save it as JPEG or PNG, or install pillow-heif"
    with pytest.raises(ValueError, match=rf"^photo: {words}\.$"):
        open_image(io.BytesIO(box(brand)), "photo")


@pytest.mark.parametrize("size", [40, 200])
def test_an_avif_that_is_cut_off_is_damaged(size):
    if ".avif" not in Image.registered_extensions():
        pytest.skip("needs Pillow with AVIF")
    file = io.BytesIO()
    Image.new("RGB", (64, 64), "teal").save(file, "AVIF")
    with pytest.raises(ValueError, match=r"^photo: this picture is damaged\.$"):
        open_image(io.BytesIO(file.getvalue()[:size]), "photo")


def test_heic_is_read_where_its_decoder_is_installed(tmp_path):
    pytest.importorskip("pillow_heif", reason="comes with requirements-dev.txt")
    with pytest.raises(ValueError, match=r"^photo: this picture is damaged\.$"):
        open_image(io.BytesIO(box(b"heic")), "photo")
    picture = Image.fromarray(np.mgrid[0:40, 0:60].sum(0).astype(np.uint8) * 2)
    picture.convert("RGB").save(tmp_path / "photo.heic", quality=95)
    shown = open_image(tmp_path / "photo.heic")
    assert shown.size == (60, 40)
    assert np.abs(np.subtract(shown.convert("L"), picture, dtype=int)).max() < 8
    assert size_of(str(tmp_path / "photo.heic")) == (40, 60)
