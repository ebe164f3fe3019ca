from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image, ImageDraw

from style_transfer.images.timelapse import FRAME_RATE, WEBP_SIDE, save_animated_webp, save_mp4


def frames(folder, count, size=(96, 64), prefix="f"):
    """Write `count` pictures, each with a colour of its own and a mark at its left edge."""
    files = []
    for number in range(count):
        image = Image.new("RGB", size, colour(number, count))
        ImageDraw.Draw(image).rectangle((0, 0, 9, 9), "white")
        files.append(folder / f"{prefix}{number:03}.jpg")
        image.save(files[-1], quality=95)
    return files


def colour(number, count):
    part = number / (count - 1)
    return round(40 + 180 * part), 60, round(220 - 180 * part)


def decoded(file):
    with av.open(str(file)) as container:
        stream = container.streams.video[0]
        pictures = [(f.time, f.to_ndarray(format="rgb24")) for f in container.decode(stream)]
        return float(stream.duration * stream.time_base), pictures


def distance(pixels, file):
    with Image.open(file) as image:
        wanted = np.asarray(image.convert("RGB"), dtype=float)
    return np.abs(pixels - wanted[: pixels.shape[0], : pixels.shape[1]]).mean()


def number_of(pixels, count):
    """Which of `count` frames the picture shows, told by its colour."""
    return round((pixels[-20:, -20:, 0].mean() - 40) / 180 * (count - 1))


@pytest.mark.parametrize(
    ("count", "seconds", "hold"),
    [(2, 1, 0.5), (2, 0.1, 0), (5, 0.99, 0.33), (30, 1, 0), (60, 0.8, 1.5), (7, 3.21, 0.02)],
)
def test_an_mp4_lasts_as_long_as_asked_within_one_picture(tmp_path, count, seconds, hold):
    save_mp4(frames(tmp_path, count), tmp_path / "out.mp4", seconds, hold)
    duration, pictures = decoded(tmp_path / "out.mp4")
    assert duration == pytest.approx(seconds + hold, abs=1 / FRAME_RATE)
    assert len(pictures) == round(duration * FRAME_RATE)
    times = [time for time, _ in pictures]
    assert times == pytest.approx([number / FRAME_RATE for number in range(len(pictures))])


def test_an_mp4_shows_the_first_and_the_last_frame_in_their_colours(tmp_path):
    files = frames(tmp_path, 60)
    save_mp4(files, tmp_path / "out.mp4", 1, 0)  # more frames than pictures
    _, pictures = decoded(tmp_path / "out.mp4")
    assert len(pictures) == 24
    assert distance(pictures[0][1], files[0]) < 3
    assert distance(pictures[-1][1], files[-1]) < 3


def test_the_frames_of_an_mp4_follow_each_other_evenly_and_the_last_is_held(tmp_path):
    save_mp4(frames(tmp_path, 6), tmp_path / "out.mp4", 1, 0.5)
    _, pictures = decoded(tmp_path / "out.mp4")
    shown = [number_of(pixels, 6) for _, pixels in pictures]
    assert shown == [number for number in range(6) for _ in range(4)] + [5] * 12


def test_an_mp4_is_what_browsers_play(tmp_path):
    save_mp4(frames(tmp_path, 3), tmp_path / "out.mp4", 0.5)
    with av.open(str(tmp_path / "out.mp4")) as container:
        stream = container.streams.video[0]
        next(container.decode(stream))  # which tells the colours
        context = stream.codec_context
        assert (context.name, context.pix_fmt) == ("h264", "yuv420p")
        assert stream.average_rate == Fraction(FRAME_RATE)
        assert int(context.colorspace) == 1  # BT.709
    content = (tmp_path / "out.mp4").read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")  # plays before it is loaded
    assert content[4:8] == b"ftyp"


def test_the_colours_of_an_mp4_are_in_bt_709_as_it_says(tmp_path):
    files = [tmp_path / f"{number}.png" for number in range(2)]
    red, green, blue = 200, 90, 30
    for file in files:
        Image.new("RGB", (64, 64), (red, green, blue)).save(file)
    save_mp4(files, tmp_path / "out.mp4", 0.5, 0)
    with av.open(str(tmp_path / "out.mp4")) as container:
        frame = next(container.decode(video=0))
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    rows = frame.to_ndarray()  # 64 rows of Y, then 32 x 32 of U and of V, as 16 rows each
    planes = [part.mean() for part in np.split(rows, [64, 80])]
    wanted = [
        16 + 219 / 255 * luma,
        128 + 224 / 255 * (blue - luma) / 1.8556,
        128 + 224 / 255 * (red - luma) / 1.5748,
    ]
    assert planes == pytest.approx(wanted, abs=2)
    assert (int(frame.colorspace), int(frame.color_primaries), int(frame.color_trc)) == (1, 1, 1)
    assert int(frame.color_range) == 1  # 16 to 235


@pytest.mark.parametrize("size", [(97, 65), (96, 65), (33, 32)])
def test_an_odd_side_loses_one_pixel_and_the_rest_stays_sharp(tmp_path, size):
    width, height = size
    files = [tmp_path / "a.png", tmp_path / "b.png"]
    stripes = np.where(np.arange(width) // 2 % 2, 200, 60).astype(np.uint8)  # 2 px each
    for file in files:
        Image.fromarray(np.tile(stripes, (height, 1))).save(file)
    save_mp4(files, tmp_path / "out.mp4", 0.5, 0)
    _, pictures = decoded(tmp_path / "out.mp4")
    assert pictures[0][1].shape == (height // 2 * 2, width // 2 * 2, 3)
    assert distance(pictures[0][1], files[0]) < 4


def test_frames_of_other_sizes_become_as_large_as_the_last(tmp_path):
    files = frames(tmp_path, 3, (48, 32), "small") + frames(tmp_path, 3, (96, 64), "large")
    save_mp4(files, tmp_path / "out.mp4", 0.5, 0)
    save_animated_webp(files, tmp_path / "out.webp", 0.5, 0)
    _, pictures = decoded(tmp_path / "out.mp4")
    assert {pixels.shape for _, pixels in pictures} == {(64, 96, 3)}
    assert number_of(pictures[0][1], 3) == 0
    with Image.open(tmp_path / "out.webp") as image:
        assert image.size == (96, 64)


def test_a_film_takes_paths_as_texts_too(tmp_path):
    files = [str(file) for file in frames(tmp_path, 2)]
    save_mp4(files, str(tmp_path / "out.mp4"), 0.2, 0)
    save_animated_webp(files, str(tmp_path / "out.webp"), 0.2, 0)
    assert (tmp_path / "out.mp4").stat().st_size
    assert (tmp_path / "out.webp").stat().st_size


@pytest.mark.parametrize("suffix", [".mp4", ".webp"])
def test_a_film_names_no_folder(tmp_path, suffix):
    save = save_mp4 if suffix == ".mp4" else save_animated_webp
    save(frames(tmp_path, 2), tmp_path / f"out{suffix}", 0.2, 0)
    assert tmp_path.name.encode() not in (tmp_path / f"out{suffix}").read_bytes()


@pytest.mark.parametrize(
    ("count", "seconds", "hold", "kept"),
    [(2, 1, 0.5, 2), (5, 1, 0, 5), (7, 0.777, 1.5, 7), (40, 1, 1.5, 12), (9, 0.1, 0, 2)],
)
def test_an_animated_webp_has_its_frames_and_lasts_as_long_as_asked(
    tmp_path, count, seconds, hold, kept
):
    files = frames(tmp_path, count)
    save_animated_webp(files, tmp_path / "out.webp", seconds, hold)
    with Image.open(tmp_path / "out.webp") as image:
        assert (image.n_frames, image.info["loop"]) == (kept, 0)
        durations = []
        for number in range(kept):
            image.seek(number)
            pixels = np.asarray(image.convert("RGB"), dtype=float)
            durations.append(image.info["duration"])
            if number in (0, kept - 1):
                assert distance(pixels, files[0 if number == 0 else -1]) < 3
    assert sum(durations) == round(1000 * seconds) + round(1000 * hold)
    assert max(durations[:-1]) - min(durations[:-1]) <= 1


def test_an_animated_webp_of_large_frames_is_reduced(tmp_path):
    save_animated_webp(frames(tmp_path, 2, (1024, 256)), tmp_path / "out.webp", 0.5)
    with Image.open(tmp_path / "out.webp") as image:
        assert image.size == (WEBP_SIDE, WEBP_SIDE // 4)


@pytest.mark.parametrize("save", [save_mp4, save_animated_webp])
@pytest.mark.parametrize(
    ("count", "seconds", "hold", "words"),
    [
        (0, 1, 1, r"needs at least 2 frames, not 0\."),
        (1, 1, 1, r"needs at least 2 frames, not 1\."),
        (2, 0, 1, r"lasts 0\.1 to 600 seconds, not 0\."),
        (2, float("nan"), 1, r"not nan\."),
        (2, 1e9, 1, r"not 1000000000\.0\."),
        (2, 1, -1, r"held for 0 to 600 seconds, not -1\."),
        (2, 1, float("inf"), r"not inf\."),
    ],
)
def test_a_film_that_cannot_be_is_refused(tmp_path, save, count, seconds, hold, words):
    with pytest.raises(ValueError, match=words):
        save(frames(tmp_path, count) if count > 1 else ["x"] * count, "out", seconds, hold)


@pytest.mark.parametrize("save", [save_mp4, save_animated_webp])
def test_a_frame_that_has_gone_is_named_and_no_broken_film_is_left(tmp_path, save):
    files = frames(tmp_path, 4)
    files[2].unlink()
    with pytest.raises(ValueError, match=r"^f002\.jpg: there is no such file\.$"):
        save(files, tmp_path / "out", 1)
    assert not list(tmp_path.glob("out*"))
