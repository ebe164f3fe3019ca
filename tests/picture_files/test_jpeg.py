"""JPEGs as cameras and phones write them, and as they are when they come over a broken line."""

import io

import numpy as np
import pytest
from PIL import Image

from style_transfer.picture_files import fit, jpeg, open_image, size_of

NOISE = Image.effect_noise((200, 120), 60).convert("RGB")


def encoded(picture, **options):
    file = io.BytesIO()
    picture.save(file, "JPEG", **options)
    return file.getvalue()


def read(data):
    return open_image(io.BytesIO(data), "photo.jpg")


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("missing", [1, 2])
def test_a_jpeg_that_lacks_nothing_but_its_end_is_read(missing, progressive):
    whole = encoded(NOISE, progressive=progressive)
    assert read(whole[:-missing]).tobytes() == read(whole).tobytes()


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_that_lacks_pixels_is_refused(progressive):
    whole = encoded(NOISE, progressive=progressive)
    for missing in (8, 100, 2000, len(whole) // 2):
        with pytest.raises(ValueError, match=r"^photo\.jpg: this picture is damaged \("):
            read(whole[:-missing])


ODD_TAGS = {  # as bytes of an entry: type, count, value
    "resolution as text": (0x011A, b"\0\x02\0\0\0\x04300\0"),
    "negative unit": (0x0128, b"\0\x08\0\0\0\x01\xff\xfe\0\0"),
    "width as a fraction": (0x0100, b"\0\x05\0\0\0\x01\0\0\0\x26"),
    "width as text": (0x0100, b"\0\x02\0\0\0\x04300\0"),
    "unknown type": (0x0100, b"\0\x63\0\0\0\x04300\0"),
}


def exif(turned, tag, entry):
    """EXIF of two entries in the order of their tags; a fraction 3/1 follows."""
    entries = {0x0112: b"\0\x03\0\0\0\x01" + bytes([0, turned, 0, 0]), tag: entry}
    body = b"".join(key.to_bytes(2, "big") + entries[key] for key in sorted(entries))
    return b"Exif\0\0MM\0*\0\0\0\x08\0\x02" + body + b"\0\0\0\0" + b"\0\0\0\x03\0\0\0\x01"


@pytest.mark.parametrize("orientation", range(9))
@pytest.mark.parametrize(("tag", "entry"), ODD_TAGS.values(), ids=ODD_TAGS)
def test_odd_exif_leaves_the_picture_and_its_rotation(tag, entry, orientation, tmp_path):
    file = tmp_path / "photo.jpg"
    file.write_bytes(encoded(NOISE, exif=exif(orientation, tag, entry)))
    width, height = NOISE.size[::-1] if orientation > 4 else NOISE.size
    assert open_image(file).size == (width, height)
    assert size_of(str(file)) == (height, width)


def test_a_photo_beyond_the_limit_is_reduced_while_it_is_decoded(tmp_path, monkeypatch):
    smooth = NOISE.resize((20, 12)).resize((1600, 960), Image.Resampling.BICUBIC)
    smooth.save(tmp_path / "photo.jpg", quality=95)
    monkeypatch.setattr(jpeg, "MAX_PIXELS", 400 * 960)
    monkeypatch.setattr(jpeg, "MAX_JPEG_PIXELS", 1600 * 960)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 400 * 960)  # refused by Pillow from twice that
    reduced = open_image(tmp_path / "photo.jpg")
    assert reduced.size == (800, 480)
    apart = np.subtract(reduced.resize(smooth.size), smooth, dtype=int)
    assert np.abs(apart).mean() < 2
    assert size_of(str(tmp_path / "photo.jpg")) == (960, 1600)
    smooth.save(tmp_path / "progressive.jpg", progressive=True)
    smooth.resize((1601, 960)).save(tmp_path / "larger.jpg")
    for name, most in (("progressive.jpg", "384,000"), ("larger.jpg", "1,536,000")):
        with pytest.raises(ValueError, match=rf"^{name}: .* at most {most} pixels are allowed"):
            open_image(tmp_path / name)


@pytest.mark.parametrize("size", [(1280, 866), (1023, 769), (997, 1500)])
def test_a_photo_reduced_while_it_is_decoded_keeps_its_proportions(tmp_path, size):
    NOISE.resize(size).save(tmp_path / "photo.jpg")
    for side in (64, 65, 96, 150, 480):
        assert open_image(tmp_path / "photo.jpg", max_side=side).size == fit(size, side)


def test_a_photo_of_108_million_pixels_is_read_at_half_its_size(tmp_path):
    file = tmp_path / "phone.jpg"
    Image.new("L", (12_000, 9_000), 90).save(file)
    picture = open_image(file)
    assert picture.size == (6_000, 4_500)
    assert picture.getpixel((5_000, 4_000)) == (90, 90, 90)
