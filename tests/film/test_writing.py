"""Painted frames, written as films."""

import os
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("av")

from style_transfer.film import sound
from style_transfer.film.reading import open_film
from style_transfer.film.writing import FILM_FORMATS, Painting, check_size, write_film
from style_transfer.images import to_tensor
from tests.film.clips import packets, pictures, read_video, write_joined, write_video

TIMES = [0, 40, 80, 200, 240]  # ms; the fourth comes late
END = 320


@pytest.fixture
def source(tmp_path):
    """A film with a tone."""
    write_video(tmp_path / "source.mp4", pictures(5), TIMES, sound="aac")
    return tmp_path / "source.mp4"


@pytest.fixture
def paintings(tmp_path):
    """Painted frames of an odd size, with times in s."""
    images = pictures(5, (65, 81))
    times = [Fraction(each, 1000) for each in (*TIMES, END)]
    made = []
    for number, image in enumerate(images):
        image.save(tmp_path / f"{number}.png")
        made.append(Painting(tmp_path / f"{number}.png", times[number], times[number + 1]))
    return made


def written(paintings, source, suffix):
    output = source.with_name(f"painted{suffix}")
    write_film(paintings, output, source, open_film(source))
    assert not list(source.parent.glob("*.part"))
    return output


@pytest.mark.parametrize("suffix", FILM_FORMATS)
def test_times_length_and_colours_are_those_of_the_paintings(paintings, source, suffix):
    film = open_film(written(paintings, source, suffix))
    frames = list(film.frames(film.size))
    assert film.size == ((64, 80) if FILM_FORMATS[suffix].sound else (65, 81))
    assert [round(1000 * frame.begin) for frame in frames] == TIMES
    assert abs(1000 * frames[-1].end - END) <= 10
    for frame, painting in zip(frames, paintings, strict=True):
        with Image.open(painting.file) as picture:
            expected = to_tensor(picture)[..., : film.size[0], : film.size[1]]
        assert (frame.image - expected).abs().mean() < 8 / 255


def test_colours_are_told_as_browsers_take_them(paintings, source):
    import av

    with av.open(str(written(paintings, source, ".mp4"))) as container:
        frame = next(container.decode(container.streams.video[0]))
        assert (frame.colorspace, frame.color_range) == (1, 1)  # BT.709, 16 to 235


@pytest.mark.parametrize("codec", ["aac", "libmp3lame"])
@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_sound_is_copied_packet_by_packet(paintings, source, suffix, codec):
    write_video(source, pictures(5), TIMES, sound=codec)
    assert packets(written(paintings, source, suffix)) == packets(source)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm"])
def test_sound_goes_on_where_the_clock_of_the_film_is_set_anew(tmp_path, suffix):
    import av

    source = tmp_path / "source.ts"
    write_joined(source, *[(pictures(10), range(0, 400, 40))] * 3, sound="aac")
    paintings = []
    for number, image in enumerate(pictures(30)):
        image.save(tmp_path / f"{number}.png")
        times = Fraction(number, 25), Fraction(number + 1, 25)
        paintings.append(Painting(tmp_path / f"{number}.png", *times))
    output = tmp_path / f"painted{suffix}"
    assert write_film(paintings, output, source, open_film(source)) == ""
    with av.open(str(output)) as container:
        times = [float(p.pts * p.time_base) for p in container.demux(audio=0) if p.size]
    assert times == sorted(times)
    assert 1.15 < times[-1] < 1.25
    assert max(np.diff(times)) < 0.03


def test_sound_is_coded_anew_where_the_format_cannot_hold_it(paintings, source):
    import av

    with av.open(str(written(paintings, source, ".webm"))) as container:
        (stream,) = container.streams.audio
        assert stream.codec_context.name in ("opus", "libopus")
        samples = [frame.to_ndarray() for frame in container.decode(stream)]
    level = np.concatenate([each.mean(0) for each in samples])
    assert abs(len(level) / 48000 - END / 1000) < 0.06
    assert np.abs(level).mean() > 0.3  # the tone


@pytest.mark.parametrize(
    ("source_suffix", "codec", "layout", "suffix", "coded", "channels"),
    [
        (".mkv", "ac3", "5.1(side)", ".webm", "opus", 6),
        (".mkv", "flac", "4.0", ".webm", "opus", 2),  # Opus has no such four channels
        (".mkv", "pcm_s16le", "stereo", ".mp4", "aac", 2),
        (".mkv", "flac", "stereo", ".mov", "aac", 2),
        (".mkv", "libopus", "stereo", ".mov", "aac", 2),
        (".avi", "adpcm_ms", "stereo", ".mp4", "aac", 2),
        (".avi", "adpcm_ima_wav", "mono", ".mp4", "aac", 1),
        (".mov", "pcm_mulaw", "mono", ".mp4", "aac", 1),
        (".mov", "pcm_mulaw", "mono", ".mov", "pcm_mulaw", 1),
    ],
)
def test_a_track_that_the_format_does_not_take_is_coded_anew(
    paintings, tmp_path, source_suffix, codec, layout, suffix, coded, channels
):
    import av

    source = tmp_path / f"source{source_suffix}"
    write_video(source, pictures(5), TIMES, sound=codec, layout=layout)
    output = tmp_path / f"painted{suffix}"
    assert write_film(paintings, output, source, open_film(source)) == ""
    with av.open(str(output)) as container:
        (stream,) = container.streams.audio
        assert stream.codec_context.codec.canonical_name == coded
        assert stream.codec_context.layout.nb_channels == channels
        samples = [frame.to_ndarray() for frame in container.decode(stream)]
    assert np.abs(np.concatenate([each.ravel() for each in samples])).max() > 0.3  # the tone


def test_a_track_that_the_format_cannot_hold_at_all_is_left_out_and_named(
    paintings, source, monkeypatch
):
    monkeypatch.setattr(sound, "_works", lambda *_: False)
    output = source.with_name("painted.mp4")
    words = write_film(paintings, output, source, open_film(source))
    assert words == ("source.mp4: the film is without sound track 1; its format cannot hold that.")
    assert packets(output) == []
    assert len(read_video(output)) == 5


def test_sound_that_fails_on_the_way_does_not_cost_the_film(paintings, source, monkeypatch):
    def fail(*_):
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(sound.Sound, "close", fail)
    output = source.with_name("painted.mp4")
    words = write_film(paintings, output, source, open_film(source))
    assert words == (
        "source.mp4: the film is without its sound, which cannot be written (Invalid argument)."
    )
    assert packets(output) == []
    assert len(read_video(output)) == 5


def test_the_sound_of_a_film_that_was_cut_off_ends_with_it(paintings, source):
    cut = written(paintings[:3], source, ".mp4")
    assert 0 < len(packets(cut)) < len(packets(source))
    assert [round(1000 * time) for time, _ in read_video(cut)] == TIMES[:3]


def test_a_gif_leaves_out_frames_that_browsers_would_slow_down(source, tmp_path):
    paintings = []
    for number, image in enumerate(pictures(6)):
        image.save(tmp_path / f"{number}.png")
        times = Fraction(number, 100), Fraction(number + 1, 100)
        paintings.append(Painting(tmp_path / f"{number}.png", *times))
    with Image.open(written(paintings, source, ".gif")) as image:
        assert image.n_frames == 3
        assert image.info["loop"] == 0
        durations = []
        for number in range(3):
            image.seek(number)
            durations.append(image.info["duration"])
        assert durations == [20, 20, 20]  # of ms: those that stay last as long as all of them


def test_a_short_last_frame_of_a_gif_is_not_slowed_down_by_browsers_either(paintings, source):
    last = paintings[-1]
    paintings[-1] = last._replace(end=last.begin + Fraction(1, 100))
    with Image.open(written(paintings, source, ".gif")) as image:
        image.seek(len(paintings) - 1)
        assert image.info["duration"] == 20


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_what_a_name_has_before_a_colon_is_no_protocol(paintings, source, monkeypatch):
    monkeypatch.chdir(source.parent)
    write_film(paintings, Path("12:30.mp4"), source, open_film(source))
    assert len(read_video(source.parent / "12:30.mp4")) == 5
    assert not list(source.parent.glob("*.part"))


def test_of_a_link_the_film_that_it_points_to_is_replaced(paintings, source):
    film, link = source.with_name("film.mp4"), source.with_name("link.mp4")
    film.write_text("a film")
    link.symlink_to(film)
    write_film(paintings, link, source, open_film(source))
    assert link.is_symlink()
    assert len(read_video(film)) == 5


def test_what_cannot_be_written_leaves_what_was_there(paintings, source):
    output = source.with_name("painted.mp4")
    output.write_text("a film")
    paintings[3].file.unlink()
    with pytest.raises(OSError, match=r"3\.png"):
        write_film(paintings, output, source, open_film(source))
    assert output.read_text() == "a film"
    assert not list(source.parent.glob("*.part"))


@pytest.mark.parametrize("suffix", FILM_FORMATS)
def test_sizes_that_a_format_can_have_are_tried_for_every_format(source, suffix):
    check_size(Path(f"film{suffix}"), (65, 81), open_film(source))


def test_a_size_that_an_encoder_does_not_take_is_refused_with_all_endings(source):
    words = f"no film of 16384 x 32 pixels .*; choose a smaller .*{', '.join(FILM_FORMATS)}"
    with pytest.raises(ValueError, match=words):
        check_size(Path("film.webp"), (32, 16384), open_film(source))
