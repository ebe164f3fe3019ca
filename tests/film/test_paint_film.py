"""A film in, a painted film out: whole, cut off, and gone on with."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

pytest.importorskip("av")
pytest.importorskip("cv2")

from benchmarks.flicker import flicker, moving_square, painted_alone, painted_film, panned_photo
from benchmarks.samples import style
from style_transfer.batch import Request
from style_transfer.film import Keyframes, checkpoint, extras, paint_film
from style_transfer.film.reading import open_film
from style_transfer.images import to_pil
from style_transfer.network import VGG, load_network
from style_transfer.settings import Settings
from tests.conftest import smooth_picture
from tests.engine.runs import QUICK
from tests.film.clips import damage_frame, packets, pictures, write_joined, write_video

pytestmark = pytest.mark.integration

REQUEST = Request(replace(QUICK, steps=4), size=32)


class Recorder:
    """A watch that remembers, and ends the run after some steps."""

    def __init__(self, ends_after=None):
        self.steps, self.losses, self.left, self.began = [], [], [], None
        self._ends_after = ends_after

    def begin(self, painted, count):
        self.began = painted, count

    def step(self, number, frame, steps_left):
        self.steps.append((number, frame.step))
        self.losses.append(frame.losses)
        self.left.append(steps_left)
        if len(self.steps) == self._ends_after:
            raise KeyboardInterrupt

    def finish(self):
        pass


@pytest.fixture
def clip(tmp_path):
    """A film of four frames with a tone, and a painting."""
    write_video(tmp_path / "clip.mp4", pictures(4), [0, 40, 100, 140], sound="aac")
    to_pil(smooth_picture(2)).save(tmp_path / "painting.png")
    return tmp_path


def paint(folder, name="out.mp4", request=REQUEST, **options):
    return paint_film(
        folder / "clip.mp4", folder / "painting.png", folder / name, request, **options
    )


def images(file):
    film = open_film(file)
    return [frame.image for frame in film.frames(film.size)]


def test_a_film_is_painted_with_its_times_and_its_sound(clip):
    watch = Recorder()
    painted = paint(clip, watch=watch)
    assert (painted.status, painted.place, painted.frames) == ("painted", clip / "out.mp4", 4)
    film = open_film(painted.place)
    assert max(film.size) == 40  # of a shorter side of 32, the least
    assert [round(1000 * frame.begin) for frame in film.frames(film.size)] == [0, 40, 100, 140]
    assert packets(painted.place) == packets(clip / "clip.mp4")
    assert sorted(file.name for file in clip.iterdir()) == ["clip.mp4", "out.mp4", "painting.png"]
    assert watch.began == (0, 4)
    assert [number for number, _ in watch.steps] == sorted([0] * 4 + [1, 2, 3])
    assert watch.left[-1] == 0
    assert watch.left == sorted(watch.left, reverse=True)


def test_all_frames_but_the_first_are_held_to_the_one_before(clip):
    watch = Recorder()
    paint(clip, watch=watch)
    held = ["temporal" in losses for losses in watch.losses]
    assert held == [False] * 4 + [True] * 3
    watch = Recorder()
    paint(clip, "free.mp4", watch=watch, temporal=0)
    assert not any("temporal" in losses for losses in watch.losses)


def test_a_film_goes_on_where_it_was_cut_off_bit_for_bit(clip):
    paint(clip, "whole.png.apng")
    cut = paint(clip, "out.apng", watch=Recorder(ends_after=6))  # in the third frame
    assert (cut.status, cut.frames, cut.count) == ("interrupted", 2, 4)
    assert len(images(clip / "out.apng")) == 2
    (folder,) = clip.glob("*.frames")
    assert folder.name.startswith("out.apng.")
    watch = Recorder()
    assert paint(clip, "out.apng", watch=watch).status == "painted"
    assert watch.began == (2, 4)
    assert not folder.exists()
    for one, other in zip(images(clip / "out.apng"), images(clip / "whole.png.apng"), strict=True):
        assert torch.equal(one, other)


def test_later_processes_have_the_times_by_which_each_frame_was_painted(clip, monkeypatch):
    kept = []
    monkeypatch.setattr(VGG, "remember_timings", lambda network: kept.append(network.timings))
    painted = paint(clip, "out.apng")
    assert len(kept) == painted.frames == 4


def test_a_film_so_far_goes_beside_a_finished_one_and_away_when_it_is_finished(clip):
    other = replace(REQUEST, settings=replace(REQUEST.settings, beta=9.0))
    paint(clip, "out.apng")
    finished = (clip / "out.apng").read_bytes()
    so_far = clip / "out.unfinished.apng"
    for steps in (6, 1):  # both in the third frame
        cut = paint(clip, "out.apng", other, watch=Recorder(ends_after=steps))
        assert (cut.status, cut.place) == ("interrupted", so_far)
        assert (clip / "out.apng").read_bytes() == finished
        assert len(images(so_far)) == 2
    assert paint(clip, "out.apng", other).place == clip / "out.apng"
    assert (clip / "out.apng").read_bytes() != finished
    left = sorted(file.name for file in clip.iterdir())
    assert left == ["clip.mp4", "out.apng", "painting.png"]


def test_a_film_so_far_replaces_the_one_that_was_written_before_it(clip):
    for steps in (6, 1):
        cut = paint(clip, watch=Recorder(ends_after=steps))
        assert (cut.status, cut.place) == ("interrupted", clip / "out.mp4")
    (clip / "out.mp4").write_text("something else")
    (clip / "out.unfinished.mp4").write_text("this as well")
    other = replace(REQUEST, seed=1)
    cut = paint(clip, request=other, watch=Recorder(ends_after=6))
    assert cut.place == clip / "out.unfinished-2.mp4"
    assert (clip / "out.mp4").read_text() == "something else"


def test_frames_of_other_settings_stay_until_there_is_one_of_these(clip):
    paint(clip, watch=Recorder(ends_after=6))
    (folder,) = clip.glob("*.frames")
    other = replace(REQUEST, seed=1, skip_existing=True)
    with pytest.raises(KeyboardInterrupt):
        paint(clip, request=other, watch=Recorder(ends_after=2))
    assert [*clip.glob("*.frames")] == [folder]
    watch = Recorder()
    assert paint(clip, request=other, watch=watch).status == "painted"
    assert watch.began == (0, 4)
    assert not [*clip.glob("*.frames")]


def test_another_film_of_that_name_begins_anew_and_strange_files_stay(clip):
    paint(clip, watch=Recorder(ends_after=6))
    (folder,) = clip.glob("*.frames")
    (folder / "notes.txt").write_text("mine")
    watch = Recorder()
    other = replace(REQUEST, settings=replace(REQUEST.settings, beta=9.0))
    paint(clip, request=other, watch=watch)
    assert watch.began == (0, 4)
    assert [file.name for file in folder.iterdir()] == ["notes.txt"]


def test_a_film_without_a_frame_is_interrupted_without_a_film(clip):
    with pytest.raises(KeyboardInterrupt):
        paint(clip, watch=Recorder(ends_after=2))
    assert not (clip / "out.mp4").exists()


def test_a_film_may_go_into_the_current_folder(clip, monkeypatch):
    monkeypatch.chdir(clip)
    painted = paint(Path())
    assert (painted.status, painted.place) == ("painted", Path("out.mp4"))


def test_frames_that_come_too_late_are_told(clip):
    write_joined(clip / "clip.ts", *[(pictures(2), [0, 40])] * 2)
    painted = paint_film(clip / "clip.ts", clip / "painting.png", clip / "a.mp4", REQUEST)
    assert (painted.status, painted.frames, painted.count) == ("painted", 2, 4)
    assert painted.message == "clip.ts: frames whose times had passed are left out, 2 in all."


def test_damaged_frames_are_told(clip):
    damage_frame(clip / "clip.mp4", pictures(4), 2)
    painted = paint(clip)
    assert (painted.status, painted.frames) == ("painted", 3)
    assert painted.message == "clip.mp4: damaged frames are left out, 1 in all."


def test_settings_follow_the_keyframes(clip):
    watch = Recorder()
    paint(clip, watch=watch, keyframes=Keyframes({0: {"steps": 2}, 2: {"steps": 8}}))
    assert watch.steps == [(0, 1), (0, 2), (1, 5), (2, 7), (2, 8), (3, 7), (3, 8)]


def test_another_scene_is_painted_like_a_photo(clip):
    cut = [*pictures(2), *(Image.fromarray(255 - np.array(each)) for each in pictures(2))]
    write_video(clip / "clip.mp4", cut, [0, 40, 80, 120])
    watch = Recorder()
    paint(clip, watch=watch)
    assert [number for number, _ in watch.steps] == [0, 0, 0, 0, 1, 2, 2, 2, 2, 3]


def test_an_animation_becomes_a_film_and_a_film_an_animation(clip):
    first, *others = pictures(3)
    first.save(clip / "clip.gif", save_all=True, append_images=others, duration=[100, 200, 50])
    painted = paint_film(clip / "clip.gif", clip / "painting.png", clip / "a.mp4", REQUEST)
    film = open_film(painted.place)
    assert [10 * frame.begin for frame in film.frames(film.size)] == [0, 1, 3]
    painted = paint(clip, "b.gif")
    with Image.open(painted.place) as image:
        assert image.n_frames == 4


def test_a_finished_film_is_skipped_and_one_that_was_cut_off_is_not(clip):
    request = replace(REQUEST, skip_existing=True)
    assert paint(clip, request=request, watch=Recorder(ends_after=6)).status == "interrupted"
    assert paint(clip, request=request).status == "painted"
    assert paint(clip, request=request).status == "skipped"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "out.jpg"}, "ending of a film '.jpg' is not one of .mp4, "),
        ({"name": "none/out.mp4"}, "does not exist"),
        ({"name": "clip.mp4"}, "would overwrite"),
        ({"name": f"{'x' * 240}.mp4"}, "no frames can be kept beside it"),
        ({"request": replace(REQUEST, mask="mask.png")}, "has other proportions"),
        ({"request": replace(REQUEST, size=100_000, enlarge=True)}, "choose a smaller size"),
        ({"temporal": -1}, "temporal must be"),
    ],
)
def test_what_cannot_be_is_refused_before_the_first_step(clip, changes, words):
    Image.new("L", (120, 40)).save(clip / "mask.png")
    if (request := changes.get("request")) and request.mask:
        changes = {"request": replace(request, mask=clip / request.mask)}
    watch = Recorder()
    with pytest.raises(ValueError, match=words):
        paint(clip, watch=watch, **changes)
    assert watch.began is None


@pytest.mark.parametrize("wrong", [None, 5, ""])
def test_what_names_no_file_is_refused(wrong):
    for place, what in enumerate(("a film", "a style", "output")):
        files = ["clip.mp4", "painting.png", "out.mp4"]
        files[place] = wrong
        with pytest.raises(ValueError, match=f"{what} must be the name of a file or folder"):
            paint_film(*files, REQUEST)


def test_a_frame_that_cannot_be_kept_is_told_with_its_folder(clip, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint, "save_tensors", fail)
    painted = paint(clip)
    assert (painted.status, painted.place) == ("diverged", None)
    assert painted.message.startswith(f"frame 1 cannot be kept in {clip / 'out.mp4.'}")
    assert painted.message.endswith(".frames (No space left on device).")


def test_a_film_that_its_encoder_does_not_take_is_told_with_the_folder_of_its_frames(
    clip, monkeypatch
):
    from av.error import ExternalError

    def fail(*_):
        raise ExternalError(542398533, "Generic error")  # as of x264

    monkeypatch.setattr(checkpoint, "write_film", fail)
    painted = paint(clip)
    assert (painted.place, painted.frames) == (None, 4)
    words = f"{clip / 'out.mp4'} cannot be written (Generic error); the painted frames are in "
    assert painted.message.startswith(words)


def test_a_size_that_its_encoder_does_not_take_is_refused_before_the_first_step(clip, monkeypatch):
    monkeypatch.setattr("style_transfer.film.painting.available_memory", lambda _: None)
    write_video(clip / "clip.mp4", pictures(2, (32, 640)), [0, 40])
    watch, request = Recorder(), replace(REQUEST, size=16400, enlarge=True)
    with pytest.raises(ValueError, match="no film of 16400 x 820 pixels can be written"):
        paint(clip, "out.webp", request, watch=watch)
    assert watch.began is None


def test_missing_extras_are_named_with_their_command(clip, monkeypatch):
    find = extras.find_spec
    monkeypatch.setattr(extras, "find_spec", lambda n: None if n == "cv2" else find(n))
    with pytest.raises(ValueError, match=r"pip install opencv-python-headless$"):
        paint(clip)


@pytest.mark.slow
def test_a_short_film_flickers_less_than_its_frames_painted_alone():
    contents, network = moving_square(3, 48), load_network()
    settings, painting = Settings(steps=8), style("mont_sainte_victoire")
    film = painted_film(contents, painting, settings, network)
    alone = painted_alone(contents, painting, settings, network)
    assert flicker(film, contents) < 0.4 * flicker(alone, contents)


@pytest.mark.slow
@pytest.mark.parametrize("make", [moving_square, panned_photo])
def test_a_film_of_24_frames_flickers_at_most_four_tenths(make):
    contents, network = make(24, 128), load_network()
    settings, painting = Settings(steps=60), style("mont_sainte_victoire")
    film = flicker(painted_film(contents, painting, settings, network), contents)
    alone = flicker(painted_alone(contents, painting, settings, network), contents)
    print(f"{make.__name__}: film {film:.4f}, alone {alone:.4f}, ratio {film / alone:.2f}")
    assert film <= 0.4 * alone
