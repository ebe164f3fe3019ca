"""Films and animations, read as they are shown."""

import os
import threading
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from PIL.ExifTags import Base

pytest.importorskip("av")

from style_transfer.film.reading import is_animation, open_film
from style_transfer.images import size_of, to_tensor
from tests.film.clips import SIZE, damage_frame, pictures, write_joined, write_video

TIMES = [0, 40, 80, 200, 240]  # ms


@pytest.fixture
def clip():
    return pictures(5)


def frames(file, size=None, **how):
    film = open_film(file, **how)
    return list(film.frames(size or film.size))


def test_a_film_has_its_frames_times_and_colours(clip, tmp_path):
    file = tmp_path / "clip.mp4"
    write_video(file, clip, TIMES)
    film = open_film(file)
    assert (film.size, film.count) == (SIZE, 5)
    found = list(film.frames(SIZE))
    assert [frame.begin * 1000 for frame in found] == TIMES
    assert [frame.end for frame in found[:-1]] == [frame.begin for frame in found[1:]]
    assert 0.24 < found[-1].end < 0.3
    for frame, picture in zip(found, clip, strict=True):
        assert (frame.image - to_tensor(picture)).abs().mean() < 6 / 255


@pytest.mark.parametrize(("first", "second"), [(0, 0), (3_600_000, 0), (0, 3_600_000)])  # ms
def test_a_film_goes_on_where_its_clock_is_set_anew(clip, tmp_path, first, second):
    file, times = tmp_path / "clip.ts", range(0, 200, 40)
    parts = [(clip, [begin + time for time in times]) for begin in (first, second)]
    write_joined(file, *parts)
    film = open_film(file)
    found = list(film.frames(SIZE))
    assert [round(1000 * frame.begin) for frame in found] == [*range(0, 400, 40)]
    assert (film.count, film.left_out) == (10, 0)
    for frame, picture in zip(found, [*clip, *clip], strict=True):
        assert (frame.image - to_tensor(picture)).abs().mean() < 6 / 255


def test_a_film_that_shows_a_picture_for_long_does_so(clip, tmp_path):
    write_video(tmp_path / "clip.mkv", clip[:2], [0, 20_000])
    assert [frame.begin for frame in frames(tmp_path / "clip.mkv")] == [0, 20]


def test_frames_of_a_time_that_has_passed_are_left_out_and_counted(clip, tmp_path):
    file = tmp_path / "clip.ts"
    write_joined(file, *[(clip[:2], [0, 40])] * 2)  # too little for another clock
    film = open_film(file)
    for _ in range(2):
        assert [round(1000 * frame.begin) for frame in film.frames(SIZE)] == [0, 40]
        assert film.left_out == 2


def test_damaged_frames_are_left_out_and_counted(clip, tmp_path):
    damage_frame(file := tmp_path / "clip.mp4", clip, 2)
    film = open_film(file)
    for _ in range(2):
        shown = [1000 * frame.begin for frame in film.frames(SIZE)]
        assert shown == [0, 40, 120, 160]
        assert film.damaged == 1


def test_a_film_may_begin_with_a_damaged_frame(clip, tmp_path):
    damage_frame(file := tmp_path / "clip.avi", clip, 0, "mjpeg")
    film = open_film(file)
    assert [1000 * frame.begin for frame in film.frames(SIZE)] == [0, 40, 80, 120]
    assert film.damaged == 1


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_what_a_name_has_before_a_colon_is_no_protocol(clip, tmp_path, monkeypatch):
    write_video(tmp_path / "12:30.mp4", clip, TIMES)
    monkeypatch.chdir(tmp_path)
    assert len(frames(Path("12:30.mp4"))) == 5


def test_a_title_in_another_encoding_does_not_matter(clip, tmp_path):
    file = tmp_path / "clip.avi"
    write_video(file, clip, range(5), base=25, title="Caf__")
    file.write_bytes(file.read_bytes().replace(b"Caf__", "Café!".encode("latin-1")))
    assert len(frames(file)) == 5


def test_a_film_is_reduced_while_it_is_read(clip, tmp_path):
    write_video(tmp_path / "clip.mp4", clip, TIMES)
    assert frames(tmp_path / "clip.mp4", (32, 40))[0].image.shape == (1, 3, 32, 40)


@pytest.mark.parametrize("degrees", [90, 180, -90])
def test_a_film_of_a_turned_phone_is_upright(clip, tmp_path, degrees):
    file = tmp_path / "clip.mp4"
    write_video(file, clip[:2], TIMES, rotation=degrees)
    film = open_film(file)
    shown = clip[0].rotate(degrees, expand=True)  # against the clock, as FFmpeg counts
    assert film.size == (shown.height, shown.width)
    (first, *_) = film.frames(film.size)
    assert (first.image - to_tensor(shown)).abs().mean() < 6 / 255


def test_pixels_that_are_not_square_are_made_so(clip, tmp_path):
    write_video(tmp_path / "clip.mp4", clip[:2], TIMES, aspect=Fraction(4, 3))
    assert open_film(tmp_path / "clip.mp4").size == (SIZE[0], round(SIZE[1] * 4 / 3))


@pytest.mark.parametrize(("suffix", "near"), [(".gif", 25), (".webp", 12), (".png", 1)])
def test_an_animation_has_its_frames_and_times(clip, tmp_path, suffix, near):
    file = tmp_path / f"clip{suffix}"
    clip[0].save(file, save_all=True, append_images=clip[1:], duration=[40, 40, 120, 40, 60])
    assert is_animation(file)
    assert open_film(file).rate == 25  # that of the first frame
    found = frames(file)
    assert [frame.begin * 1000 for frame in found] == TIMES
    assert found[-1].end == Fraction(3, 10)
    for frame, picture in zip(found, clip, strict=True):
        assert (frame.image - to_tensor(picture)).abs().mean() < near / 255


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_an_animation_is_turned_as_exif_says(clip, tmp_path, orientation):
    file, exif = tmp_path / "clip.webp", Image.Exif()
    exif[Base.Orientation] = orientation
    how = {"save_all": True, "lossless": True, "exif": exif}
    clip[0].save(file, append_images=clip[1:], **how)
    assert open_film(file).size == size_of(file)
    for frame, picture in zip(frames(file), clip, strict=True):
        turned = picture.rotate({1: 0, 3: 180, 6: -90, 8: 90}[orientation], expand=True)
        assert torch.equal(frame.image, to_tensor(turned))


def test_the_picture_for_viewers_without_animations_is_no_frame(clip, tmp_path):
    film, still = tmp_path / "clip.png", tmp_path / "still.png"
    how = {"save_all": True, "default_image": True, "duration": 40}
    Image.new("RGB", clip[0].size, "red").save(film, append_images=clip, **how)
    clip[0].save(still, append_images=clip[1:2], **how)
    assert (open_film(film).count, open_film(film).rate) == (5, 25)
    for frame, picture, begin in zip(frames(film), clip, range(0, 200, 40), strict=True):
        assert 1000 * frame.begin == begin
        assert torch.equal(frame.image, to_tensor(picture))
    assert (is_animation(film), is_animation(still)) == (True, False)


def test_what_is_transparent_is_laid_on_the_background(tmp_path):
    file = tmp_path / "clip.png"
    clear = [Image.new("RGBA", (40, 40), (level, 0, 0, 0)) for level in (1, 2)]
    clear[0].save(file, save_all=True, append_images=clear[1:], duration=100)
    for name, level in (("white", 1), ("black", 0)):
        assert (frames(file, background=name)[0].image == level).all()


def test_what_is_no_film_is_refused_in_one_sentence(clip, tmp_path):
    (tmp_path / "notes.mp4").write_text("no film")
    clip[0].save(tmp_path / "still.png")
    write_video(known := tmp_path / "known.mp4", clip, TIMES)
    (tmp_path / "unknown.mp4").write_bytes(known.read_bytes().replace(b"avc1", b"xxx1"))
    clip[0].resize((20, 20)).save(
        tmp_path / "small.gif", save_all=True, append_images=[clip[1].resize((20, 20))]
    )
    for name, words in (
        ("notes.mp4", "this film cannot be read"),
        ("none.mp4", "there is no such file"),
        ("still.png", "a picture, and no film"),
        ("small.gif", "20 x 20 pixels"),
        ("unknown.mp4", r"this film cannot be read \(Decoder not found\)"),
    ):
        with pytest.raises(ValueError, match=rf"^{name}: .*{words}"):
            open_film(tmp_path / name)


def test_one_frame_is_in_memory_at_a_time(tmp_path, clip):
    import tracemalloc

    big = [each.resize((640, 512)) for each in clip] * 12
    write_video(tmp_path / "clip.mp4", big, range(0, 40 * len(big), 40))
    film = open_film(tmp_path / "clip.mp4")
    tracemalloc.start()
    count = sum(1 for _ in film.frames((512, 640)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == len(big)
    assert peak < 10 * np.prod((512, 640, 3))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_a_pipe_is_no_animation_and_is_left_unread(tmp_path):
    os.mkfifo(tmp_path / "photo.gif")
    told = []
    asking = threading.Thread(
        target=lambda: told.append(is_animation(tmp_path / "photo.gif")), daemon=True
    )
    asking.start()
    asking.join(10)  # for ever, if it were opened
    assert told == [False]
