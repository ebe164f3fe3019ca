import io
import os
import threading
from pathlib import Path

import pytest
import torch
from PIL import Image

from style_transfer.images import (
    COLOUR_SPACES,
    Export,
    check_format,
    check_output,
    open_image,
    save,
    to_pil,
    to_tensor,
)
from tests.conftest import smooth_picture


def test_values_beyond_the_range_are_clipped_and_the_others_rounded():
    image = to_pil(torch.tensor([-1.0, 0.4999 / 255, 0.5001 / 255, 7.0]).expand(1, 3, 32, 4))
    assert [image.getpixel((x, 0))[0] for x in range(4)] == [0, 0, 1, 255]


@pytest.mark.parametrize("name", ["out.png", "out.JPG", "out.webp"])
def test_a_picture_can_be_saved_and_opened_again(tmp_path, photo, name):
    check_output(tmp_path / name)
    save(photo, tmp_path / name)
    assert (to_tensor(open_image(tmp_path / name)) - photo).abs().mean() < 5 / 255


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("out", "no known picture format"),
        ("out.txt", "no known picture format"),
        ("nowhere/out.png", "does not exist"),
        ("folder.png", "is a folder"),
    ],
)
def test_a_file_that_could_not_be_saved_is_refused(tmp_path, name, words):
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(ValueError, match=words):
        check_output(tmp_path / name)


@pytest.mark.parametrize(
    "suffix", ["xbm", "palm", "msp", "blp", "wmf", "emf", "bufr", "grib", "h5", "hdf"]
)
def test_a_format_that_cannot_hold_colours_is_refused_beforehand(tmp_path, suffix):
    with pytest.raises(ValueError, match="no known picture format"):
        check_output(tmp_path / f"out.{suffix}")


@pytest.mark.parametrize("suffix", ["psd", "fits", "xbm", "blp", "h5"])
def test_a_format_that_cannot_hold_the_picture_is_refused_in_one_sentence(tmp_path, photo, suffix):
    with pytest.raises(ValueError, match=rf"^out\.{suffix}: .*\.$"):
        save(photo, tmp_path / f"out.{suffix}")
    assert not any(tmp_path.iterdir())


def test_a_format_that_cannot_hold_the_size_is_refused_beforehand(tmp_path):
    check_output(tmp_path / "out.webp")
    with pytest.raises(ValueError, match="holds no picture of 20000 x 32 px"):
        check_format(tmp_path / "out.webp", (32, 20_000))
    check_format(tmp_path / "out.png", (32, 20_000))


WIDE = COLOUR_SPACES["adobe-rgb"]


@pytest.mark.parametrize(
    ("export", "words"),
    [
        (Export(space=WIDE), "this format holds no colour space but sRGB; use .png, .jpg"),
        (Export(exif={0: {315: "Berthe"}}), "this format holds no EXIF; use .png, .jpg"),
        (Export(dpi=300), r"this format holds no resolution; use .png or .tif"),
    ],
)
def test_what_a_format_cannot_hold_is_refused_beforehand(tmp_path, export, words):
    for suffix in ("gif", "tga", "ppm"):
        with pytest.raises(ValueError, match=rf"^out\.{suffix}: {words}"):
            check_output(tmp_path / f"out.{suffix}", export)
    check_output(tmp_path / "out.jpg", export)


def test_opacity_is_refused_by_a_format_without_it(tmp_path, photo):
    export = Export(opacity=photo[:, :1])
    with pytest.raises(ValueError, match=r"^out\.jpg: .* no transparency; use \.png, \.webp"):
        save(photo, tmp_path / "out.jpg", export=export)
    save(photo, tmp_path / "out.webp", export=export)


@pytest.mark.parametrize("depth", [12, 1, True, None])
def test_no_other_depth_is_written(depth):
    with pytest.raises(ValueError, match=f"depth must be 8 or 16, not {depth}"):
        Export(depth)


@pytest.mark.parametrize("shape", [(3, 32, 32), (1, 1, 32, 32), (1, 4, 32, 32), (2, 3, 32, 32)])
def test_what_is_no_picture_is_not_written(tmp_path, shape):
    with pytest.raises(ValueError, match=r"^out\.png: a picture must be \(1, 3, H, W\), not \("):
        save(torch.zeros(shape), tmp_path / "out.png")
    assert not any(tmp_path.iterdir())


def test_a_resolution_beyond_what_a_jpeg_holds_is_refused_beforehand(tmp_path):
    check_output(tmp_path / "out.jpg", Export(dpi=65_535))
    with pytest.raises(ValueError, match=r"this format holds at most 65,535 dpi; use \.png or"):
        check_output(tmp_path / "out.jpg", Export(dpi=70_000))
    check_output(tmp_path / "out.png", Export(dpi=70_000))


@pytest.mark.parametrize("suffix", ["avif", "heic"])
def test_a_format_of_phones_holds_a_colour_space_and_exif(tmp_path, photo, suffix):
    if suffix == "avif" and ".avif" not in Image.registered_extensions():
        pytest.skip("needs Pillow with AVIF")
    if suffix == "heic":
        pytest.importorskip("pillow_heif")
    file = tmp_path / f"out.{suffix}"
    save(photo, file, export=Export(space=WIDE, exif={0: {315: "Berthe"}}))
    with Image.open(file) as saved:
        assert saved.info["icc_profile"] == WIDE.profile
        assert saved.getexif()[315] == "Berthe"


def test_trying_a_target_leaves_all_as_it_was(tmp_path):
    (tmp_path / "there.png").write_text("older")
    before = (tmp_path / "there.png").stat()
    for name in ("there.png", "new.png"):
        check_output(tmp_path / name)
    assert [file.name for file in tmp_path.iterdir()] == ["there.png"]
    assert (tmp_path / "there.png").read_text() == "older"
    assert (tmp_path / "there.png").stat().st_mtime_ns == before.st_mtime_ns


def test_a_name_that_the_file_system_refuses_is_told_beforehand(tmp_path):
    with pytest.raises(ValueError, match=r"this file cannot be written \(File name too long\)"):
        check_output(tmp_path / f"{'x' * 300}.png")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has such a device")
def test_a_full_device_is_told_beforehand(tmp_path):
    (tmp_path / "out.png").symlink_to("/dev/full")
    with pytest.raises(ValueError, match=r"cannot be written \(No space left"):
        check_output(tmp_path / "out.png")


@pytest.mark.skipif(not hasattr(os, "geteuid") or not os.geteuid(), reason="root may do anything")
def test_a_folder_and_a_file_without_permission_are_told_beforehand(tmp_path):
    (tmp_path / "closed").mkdir(mode=0o500)
    (tmp_path / "there.png").touch(mode=0o400)
    for name in ("closed/out.png", "there.png"):
        with pytest.raises(ValueError, match=r"cannot be written \(Permission denied"):
            check_output(tmp_path / name)


def test_every_picture_format_is_named_where_another_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"use \.png, \.jpg, \.webp or \.tif\.$"):
        check_output(tmp_path / "out.txt")


def test_a_file_stays_as_it_was_where_writing_it_anew_fails(tmp_path, photo, monkeypatch):
    (tmp_path / "out.png").write_text("older")

    def full(file, data):
        with file.open("wb") as stream:
            stream.write(data[:100])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        save(photo, tmp_path / "out.png")
    assert [file.name for file in tmp_path.iterdir()] == ["out.png"]
    assert (tmp_path / "out.png").read_text() == "older"


def test_of_a_link_the_file_it_points_to_is_written(tmp_path, photo):
    (tmp_path / "real.png").write_text("older")
    (tmp_path / "out.png").symlink_to("real.png")
    save(photo, tmp_path / "out.png")
    assert (tmp_path / "out.png").is_symlink()
    assert open_image(tmp_path / "real.png").size == (48, 48)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has such a device")
def test_a_device_is_written_to_and_not_replaced(tmp_path, photo):
    (tmp_path / "out.png").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        save(photo, tmp_path / "out.png")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_a_pipe_is_written_to_where_somebody_reads_it(tmp_path, photo):
    os.mkfifo(tmp_path / "out.png")
    check_output(tmp_path / "out.png")
    told = []

    def write():
        try:
            save(photo, tmp_path / "out.png")
        except OSError as error:
            told.append(error.strerror)

    alone = threading.Thread(target=write, daemon=True)
    alone.start()
    alone.join(30)
    assert told == ["nobody reads this pipe"]
    reader = os.open(tmp_path / "out.png", os.O_RDONLY | os.O_NONBLOCK)
    try:
        write()
        data = os.read(reader, 1_000_000)
    finally:
        os.close(reader)
    assert open_image(io.BytesIO(data)).size == (48, 48)


def test_every_format_that_is_accepted_keeps_the_size_and_the_colours(tmp_path):
    picture = smooth_picture(5, 96, 64)
    accepted = []
    for suffix in Image.registered_extensions():
        file = tmp_path / f"out{suffix}"
        try:
            check_output(file)
        except ValueError:
            continue
        save(picture, file)
        if suffix in (".pdf", ".ps", ".eps"):  # pages, which are not read
            continue
        saved = open_image(file)
        assert saved.size == (64, 96), suffix
        assert (to_tensor(saved) - picture).abs().mean() < 0.06, suffix
        accepted.append(suffix)
    assert {".png", ".jpg", ".webp", ".tif", ".gif", ".bmp"} <= {*accepted}
    assert not {".ico", ".icns"} & {*accepted}
