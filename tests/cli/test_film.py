"""Films on the command line."""

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("av")
pytest.importorskip("cv2")

from style_transfer.batch import INTERRUPTED, PAINTED
from style_transfer.cli import film as film_command
from style_transfer.cli import run_command
from style_transfer.engine import Stroke
from style_transfer.film import PaintedFilm, extras
from style_transfer.film.reading import open_film
from style_transfer.images import to_pil
from style_transfer.recipe import Recipe, save_recipe
from tests.cli.conftest import QUICK
from tests.conftest import smooth_picture
from tests.film.clips import pictures, write_video

DOCS = Path(__file__).parents[2] / "docs" / "films.md"


@pytest.fixture
def folder(tmp_path):
    """A film of three frames, the same as a GIF, and a painting."""
    write_video(tmp_path / "clip.mp4", pictures(3), [0, 40, 80], sound="aac")
    first, *others = pictures(3)
    first.save(tmp_path / "clip.gif", save_all=True, append_images=others, duration=100)
    to_pil(smooth_picture(2)).save(tmp_path / "style.png")
    return tmp_path


def run(folder, film, output, *options):
    given = [folder / film, folder / "style.png", "-o", folder / output, *QUICK, "--size", "48"]
    return run_command([str(each) for each in (*given, *options)])


def test_a_film_becomes_a_film_with_one_bar_and_a_log(folder, capsys):
    log = folder / "log"
    assert run(folder, "clip.mp4", "out.mp4", "--json", "--log", log) == 0
    out, error = capsys.readouterr()
    record = json.loads(out)
    assert (record["status"], record["frames"]) == ("painted", 3)
    assert record["picture"] == str(folder / "out.mp4")
    assert "frame 3 of 3" in error
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["frame"] for line in lines] == [0, 0, 0, 1, 2]
    assert "temporal_loss" in lines[-1]
    assert "temporal_loss" not in lines[0]
    told = DOCS.read_text(encoding="utf-8").rpartition("`--json`")[2]
    assert [name for name in (*record, *lines[-1]) if name not in told] == []


def test_the_ending_says_whether_an_animation_becomes_a_film(folder):
    assert run(folder, "clip.gif", "out.gif") == 0
    assert open_film(folder / "out.gif").count == 3
    assert run(folder, "clip.gif", "out.png") == 0  # its first frame, as of any picture
    assert run(folder, "clip.gif", "out.webm") == 0
    assert open_film(folder / "out.webm").count == 3
    assert run(folder, "style.png", "out.webp") == 0


def test_keyframes_are_read_from_a_file(folder):
    (folder / "keys.json").write_text(json.dumps({"0": {"steps": 1}, "2": {"steps": 3}}))
    log = folder / "log"
    options = ("--keyframes", folder / "keys.json", "--temporal", "0", "--log", log)
    assert run(folder, "clip.mp4", "out.mp4", *options) == 0
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(line["frame"], line["step"]) for line in lines] == [(0, 1), (1, 2), (2, 3)]


@pytest.mark.parametrize(
    ("film", "output", "options", "words"),
    [
        ("clip.mp4", "out.png", (), "clip.mp4 is a film; -o needs one of the endings .mp4, "),
        ("style.png", "out.mp4", (), "style.png: this is a picture, and no film"),
        ("none.mp4", "out.mp4", (), "there is no such file"),
        ("clip.mp4", "out.mp4", ("--depth", "16"), "without --depth"),
        ("clip.mp4", "out.mp4", ("--betas", "1", "2"), "without --betas"),
        ("clip.mp4", "out.mp4", ("--each-style",), "without --each-style"),
        ("clip.mp4", "out.mp4", ("--keyframes", "none.json"), "none.json: this file cannot"),
        ("style.png", "out.png", ("--keyframes", "none.json"), "without --keyframes"),
        ("clip.gif", "out.png", ("--temporal", "0"), "without --temporal"),
        ("clip.mp4", "clip.mp4", (), "the film would overwrite"),
        ("clip.mp4", "out.mp4", ("--style-weights", "1", "2"), "has 2 weights, but each picture"),
        ("", "out.mp4", (), "is a folder; out.mp4 needs a film"),
    ],
)
def test_a_mistake_is_told_in_one_sentence(folder, capsys, film, output, options, words):
    assert run(folder, film, output, *options) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert words in line


def test_a_folder_stands_for_the_styles_in_it(folder, capsys):
    (folder / "styles").mkdir()
    for name in ("a.png", "b.png"):
        shutil.copy(folder / "style.png", folder / "styles" / name)
    options = ("--json", "--style-weights", "1", "2")
    given = [folder / "clip.mp4", folder / "styles", "-o", folder / "out.mp4", *QUICK, *options]
    assert run_command([*map(str, given), "--size", "48"]) == 0
    styles = json.loads(capsys.readouterr().out)["styles"]
    assert styles == [str(folder / "styles" / name) for name in ("a.png", "b.png")]


def test_strokes_of_a_settings_file_are_told_and_left_out_of_a_film(folder, capsys):
    strokes = (Stroke("wipe", ((0.5, 0.5, 1.0),)),)
    save_recipe(Recipe(strokes=strokes), folder / "touched.json")
    assert run(folder, "clip.mp4", "out.mp4", "--settings", folder / "touched.json") == 0
    error = " ".join(capsys.readouterr().err.split())
    words = "the strokes in touched.json (1) are left out, since they were made on one photo"
    assert error.count(words) == 1


def test_a_refused_film_has_an_object_of_json_as_a_picture_has(folder, capsys):
    assert run(folder, "none.mp4", "out.mp4", "--json") == 2
    out, error = capsys.readouterr()
    record = json.loads(out)
    assert (record["status"], record["picture"], record["frames"]) == ("refused", None, 0)
    assert record["message"] == "none.mp4: there is no such file."
    assert record["message"] in error


@pytest.mark.parametrize("log", ["none/log", "."])
def test_a_log_that_cannot_be_written_is_told_before_the_first_step(folder, capsys, log):
    assert run(folder, "clip.mp4", "out.mp4", "--log", folder / log) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert str(folder / log) in line


def test_a_film_so_far_that_is_not_where_it_was_asked_for_is_told_by_its_name(
    folder, capsys, monkeypatch
):
    film = PaintedFilm(INTERRUPTED, folder / "out.unfinished.mp4", 1, 3)
    monkeypatch.setattr(film_command, "paint_film", lambda *_, **__: film)
    assert run(folder, "clip.mp4", "out.mp4") == 3
    assert f"{folder / 'out.unfinished.mp4'} holds the film so far" in capsys.readouterr().out


def test_sound_that_is_missing_is_told_beside_a_film(folder, capsys, monkeypatch):
    film = PaintedFilm(PAINTED, folder / "out.mp4", 3, 3, "clip.mp4: the film is without sound.")
    monkeypatch.setattr(film_command, "paint_film", lambda *_, **__: film)
    assert run(folder, "clip.mp4", "out.mp4") == 0
    assert "the film is without sound" in capsys.readouterr().err


def test_missing_extras_are_told_with_the_command_that_installs_them(folder, capsys, monkeypatch):
    monkeypatch.setattr(extras, "find_spec", lambda _: None)
    assert run(folder, "clip.mp4", "out.mp4") == 2
    assert "pip install av opencv-python-headless" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.integration
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for another process")
def test_ctrl_c_keeps_the_film_so_far_and_the_same_command_goes_on(folder):
    given = [str(folder / "clip.mp4"), str(folder / "style.png"), "-o", str(folder / "out.mp4")]
    options = [*QUICK, "--size", "48", "--steps", "120"]
    command = [sys.executable, "-m", "style_transfer", *given, *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        until = time.monotonic() + 120
        while not list(folder.glob("*.frames/last.safetensors")) and time.monotonic() < until:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert b"the same command goes on" in out
    done = open_film(folder / "out.mp4").count if b"frame 1" not in out else 1
    assert done in (1, 2)
