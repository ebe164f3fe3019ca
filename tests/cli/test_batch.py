"""Many pictures by one command, going on from pictures and runs, and scripts."""

import gc
import json
import os
import random
import signal
import subprocess
import sys
import time
import weakref
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from style_transfer.batch import paint_files, paint_jobs
from style_transfer.batch.checkpoints import Checkpoints, checkpoints_of
from style_transfer.batch.paint_files import Unwatched, is_finished
from style_transfer.batch.request import Request
from style_transfer.cli import main, run_command
from style_transfer.engine import Stroke, Styles, due, stylize
from style_transfer.images import open_image, save, to_pil, to_tensor
from style_transfer.recipe import Recipe, read_recipe, save_recipe
from style_transfer.settings import Settings
from tests.cli.conftest import QUICK
from tests.conftest import smooth_picture

FAST = [*QUICK, "--size", "48", "--steps", "2"]
SHALLOW = Settings(steps=4, content_layer="relu2_1", style_layers=["relu1_1", "relu2_1"])


@pytest.fixture
def folders(tmp_path):
    """A folder of three photos, one of them damaged, and one of two styles."""
    for folder, names in (("photos", "abc"), ("styles", "xy")):
        (tmp_path / folder).mkdir()
        for name in names:
            to_pil(smooth_picture(ord(name))).save(tmp_path / folder / f"{name}.png")
    (tmp_path / "photos" / "b.png").write_bytes(b"damaged")
    (tmp_path / "photos" / "notes.txt").write_text("no picture")
    return tmp_path


def run(folder, *options):
    given = [folder / "photos", folder / "styles", "-o", folder / "out", *FAST, *options]
    return run_command([str(each) for each in given])


def pixels(file):
    with Image.open(file) as picture:
        return np.asarray(picture)


def made(folder):
    return sorted(file.name for file in (folder / "out").iterdir())


def test_every_photo_is_painted_in_every_style_and_a_damaged_one_is_told_at_the_end(
    folders, capsys
):
    assert run(folders, "--each-style", "--json") == 1
    assert made(folders) == ["a-x.png", "a-y.png", "c-x.png", "c-y.png"]
    out, error = capsys.readouterr()
    records = [json.loads(line) for line in out.splitlines()]
    assert [record["status"] for record in records] == [*["painted"] * 2, *["refused"] * 2] + [
        "painted"
    ] * 2
    assert {record["step"] for record in records if "step" in record} == {2}
    assert "b.png: this is not a picture that can be read" in error.splitlines()[-2]
    assert "2 of 6 pictures failed" in error.splitlines()[-1]


@pytest.mark.usefixtures("no_garbage")
def test_pictures_leave_the_memory_when_they_are_finished(folders, monkeypatch):
    frames, left = [], []

    def noted(*given):
        for painted in paint_jobs(*given):
            gc.collect()
            left.append(sum(frame() is not None for frame in frames))
            if painted.frame:
                assert painted.frame.state.memory_bytes == 0
                frames.append(weakref.ref(painted.frame))
            yield painted

    monkeypatch.setattr(main, "paint_jobs", noted)
    assert run(folders, "--each-style") == 1
    assert len(left) == 6
    assert max(left) <= 1  # the one before


def test_finished_pictures_are_left_alone_and_unfinished_ones_are_painted(folders):
    assert run(folders, "--each-style") == 1
    done = folders / "out" / "a-x.png"
    before, interrupted = done.stat().st_mtime_ns, folders / "out" / "a-y.png"
    recipe = read_recipe(done)
    from style_transfer.images import save

    save(smooth_picture(1), interrupted, replace(recipe, step=1).to_json())
    assert run(folders, "--each-style", "--skip-existing") == 1
    assert done.stat().st_mtime_ns == before
    assert read_recipe(interrupted).step == 2


def test_photos_are_painted_in_pairs_with_styles_under_names_of_a_pattern(folders):
    (folders / "photos" / "b.png").unlink()
    assert run(folders, "--pairwise", "--name", "{number}-{photo}.jpg") == 0
    assert made(folders) == ["1-a.jpg", "2-c.jpg"]
    assert run(folders, "--pairwise", "--name", "{style}.jpg", "--photos", "a.png") == 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--name", "{colour}.png"], "'colour' is not one of photo, style, beta, number"),
        (
            ["--name", "all.png"],
            "3 pictures would have this name; put {number} into the pattern (--name)",
        ),
        (["-o", "out.png"], "out.png: a folder is needed for 3 pictures"),
        (["--pairwise"], "3 photos and 2 styles make no pairs"),
        (["--init", "nowhere.png"], "init 'nowhere.png' is not one of content, noise, style, nor"),
        (["--settings", "nowhere.json"], "nowhere.json: there is no such file"),
    ],
)
def test_a_mistake_is_told_before_anything_is_painted(folders, capsys, options, words):
    assert run(folders, *options) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1
    assert not (folders / "out").exists()


def test_several_betas_come_with_a_contact_sheet(folders):
    photo, style = folders / "photos" / "a.png", folders / "styles" / "x.png"
    given = [photo, style, "-o", folders / "out", *FAST, "--betas", "0", "5.5"]
    assert run_command([*map(str, given), "--contact-sheet", str(folders / "sheet.jpg")]) == 0
    assert made(folders) == ["a-x-beta0.png", "a-x-beta5.5.png"]
    assert read_recipe(folders / "out" / "a-x-beta5.5.png").settings.beta == 5.5
    with Image.open(folders / "sheet.jpg") as sheet:
        assert sheet.width > 96


def test_a_contact_sheet_that_cannot_be_written_is_told_by_the_exit_code(
    folders, capsys, monkeypatch
):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(main, "save_contact_sheet", fail)
    photo, style = folders / "photos" / "a.png", folders / "styles" / "x.png"
    given = [photo, style, "-o", folders / "o.png", *FAST, "--contact-sheet", folders / "sheet.jpg"]
    assert run_command([*map(str, given)]) == 3
    words = "sheet.jpg: the contact sheet cannot be written (No space left on device)"
    assert words in " ".join(capsys.readouterr().err.split())


def test_a_run_begins_with_the_settings_of_a_picture_and_options_override_them(folders):
    photo, style = folders / "photos" / "a.png", folders / "styles" / "x.png"
    first, second = folders / "first.png", folders / "second.png"
    options = [*FAST, "--size", "40", "--beta", "7", "--seed", "3", "--init", "noise"]
    assert run_command([*map(str, (photo, style, "-o", first)), *options]) == 0
    given = [photo, style, "-o", second, "--settings", first, "--steps", "1"]
    assert run_command([*map(str, given)]) == 0
    recipe = read_recipe(second)
    assert (recipe.settings.beta, recipe.settings.steps, recipe.size) == (7, 1, 40)
    assert (recipe.seed, recipe.init) == (3, "noise")


def test_options_turn_off_what_a_settings_file_has_turned_on(folders):
    photo, style = folders / "photos" / "a.png", folders / "styles" / "x.png"
    settings = replace(SHALLOW, steps=1, match_colors=True, crop_frame=True)
    save_recipe(Recipe(size=60, enlarge=True, settings=settings), file := folders / "all.json")
    given = [*map(str, [photo, style, "-o", folders / "o.png", "--settings", file])]
    assert run_command(given) == 0
    assert read_recipe(folders / "o.png").enlarge
    assert run_command([*given, "--no-match-colors", "--no-crop-frame", "--no-enlarge"]) == 0
    recipe = read_recipe(folders / "o.png")
    assert recipe.settings == replace(SHALLOW, steps=1)
    assert not recipe.enlarge


LINE = ((0.2, 0.3, 1.0), (0.8, 0.6, 1.0))
STROKES = (
    Stroke("color", LINE, 0.1, color=(1.0, 0.0, 0.0), number=1, step=0),
    Stroke("smear", LINE, 0.2, number=2, step=2),
    Stroke("undo", number=3, step=3),
    Stroke("wipe", LINE, 0.1, number=4, step=4),  # when its steps were made
)


def touched(folders, **more):
    """A settings file of a picture with strokes."""
    recipe = Recipe(photo="a.png", style="x.png", size=48, settings=SHALLOW, strokes=STROKES)
    save_recipe(replace(recipe, **more), folders / "touched.json")
    return folders / "touched.json"


def test_a_run_has_the_strokes_of_a_settings_file_again(folders):
    photo, style = folders / "photos" / "a.png", folders / "styles" / "x.png"
    given = [photo, style, "-o", folders / "out.png", "--settings", touched(folders)]
    assert run_command([*map(str, given)]) == 0
    assert read_recipe(folders / "out.png").strokes == STROKES
    content, painting = (to_tensor(open_image(file)) for file in (photo, style))
    done = []

    def take(step):
        done.extend(new := due(STROKES, done, step))
        return new

    *_, frame = stylize(content, painting, lambda: SHALLOW, take_strokes=take)
    save(frame.picture, folders / "expected.png")
    assert (pixels(folders / "out.png") == pixels(folders / "expected.png")).all()


@pytest.mark.usefixtures("keen_checkpoints")
def test_a_resumed_picture_has_each_stroke_once(folders):
    photo, style = folders / "photos" / "a.png", folders / "styles" / "x.png"
    request = Request(SHALLOW, size=48, resume=True, strokes=STROKES)
    with pytest.raises(KeyboardInterrupt):
        list(paint_files(photo, style, folders / "out.png", request, watch=Stopping(3)))
    watch = Stopping()
    list(paint_files(photo, style, folders / "out.png", request, watch=watch))
    assert watch.steps == [4]
    list(paint_files(photo, style, folders / "whole.png", replace(request, resume=False)))
    assert (pixels(folders / "out.png") == pixels(folders / "whole.png")).all()
    assert read_recipe(folders / "out.png").strokes == STROKES


def test_a_checkpoint_with_strokes_is_not_that_of_the_picture_without(folders):
    photo, style = folders / "photos" / "a.png", folders / "styles" / "x.png"
    request, watch = Request(SHALLOW, size=48, resume=True, strokes=STROKES), Stopping()
    with pytest.raises(KeyboardInterrupt):
        list(paint_files(photo, style, folders / "out.png", request, watch=Stopping(2)))
    without = replace(request, strokes=())
    list(paint_files(photo, style, folders / "out.png", without, watch=watch))
    assert watch.steps == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--photos", "c.png"], "(4) are left out, since they were made on one photo"),
        (["--init", "y.png"], "(4) are left out, since the picture begins with another"),
    ],
)
def test_strokes_that_would_be_misplaced_are_told_and_left_out(folders, capsys, options, words):
    (folders / "photos" / "c.png").rename(folders / "c.png")
    (folders / "styles" / "y.png").rename(folders / "y.png")
    given = [folders / "photos" / "a.png", folders / "styles", "-o", f"{folders}/out/"]
    given += ["--settings", touched(folders), options[0], folders / options[1], *FAST]
    assert run_command([*map(str, given)]) == 0
    assert f"the strokes in touched.json {words}" in " ".join(capsys.readouterr().err.split())
    for file in (folders / "out").iterdir():
        assert read_recipe(file).strokes == ()


def test_pictures_that_settings_were_made_with_are_told_where_they_are_missing(folders, capsys):
    photo, styles, mask = folders / "photos" / "a.png", folders / "styles", folders / "face.png"
    to_pil(smooth_picture(7)).save(mask)
    file = touched(folders, more_styles=("y.png",), mask="face.png", strokes=())
    given = ["-o", folders / "out.png", "--settings", file, *FAST]
    assert run_command([*map(str, [photo, styles / "x.png", *given])]) == 0
    words = "touched.json was made also with y.png, the mask face.png; give the files themselves"
    assert words in " ".join(capsys.readouterr().err.split())
    both = styles / "x.png", styles / "y.png"
    assert run_command([*map(str, [photo, *both, *given, "--mask", mask])]) == 0
    assert "made also with" not in capsys.readouterr().err


def test_strokes_for_which_a_picture_had_no_room_are_told(folders, capsys):
    draw = random.Random(3).random
    lines = [tuple((draw(), draw(), 1.0) for _ in range(15)) for _ in range(700)]
    file = touched(folders, strokes=tuple(Stroke("smear", line) for line in lines))
    given = [folders / "photos" / "a.png", folders / "styles" / "x.png", "-o", folders / "out.png"]
    assert run_command([*map(str, [*given, "--settings", file, *FAST])]) == 0
    words = "left out of touched.json are 700 strokes, for which there is no room"
    assert words in " ".join(capsys.readouterr().err.split())


def test_a_run_goes_on_from_a_picture_at_full_size(folders):
    start, output = folders / "styles" / "y.png", folders / "out.png"
    given = [folders / "photos" / "a.png", folders / "styles" / "x.png", "-o", output]
    given += [*FAST, "--init", start, "--size", "200", "--enlarge", "--beta", "0", "--alpha", "0"]
    log = folders / "log"
    assert run_command([*map(str, given), "--log", str(log)]) == 0
    assert [json.loads(line)["width"] for line in log.read_text().splitlines()] == [200, 200]
    with Image.open(output) as picture, Image.open(start) as before:
        small = picture.resize(before.size)
        assert np.abs(np.asarray(small).astype(int) - np.asarray(before)).mean() < 4


class Stopping(Unwatched):
    """Notes the steps, and interrupts after one of them."""

    def __init__(self, stop=None):
        self.steps, self._stop = [], stop

    def step(self, frame, seconds):
        self.steps.append(frame.step)
        if frame.step == self._stop:
            raise KeyboardInterrupt


@pytest.fixture
def keen_checkpoints(monkeypatch):
    """Let a checkpoint be written after every step."""
    monkeypatch.setattr("style_transfer.batch.checkpoints.INTERVAL", 0)
    monkeypatch.setattr("style_transfer.batch.checkpoints._MOST_SHARE", 1e9)


@pytest.mark.usefixtures("keen_checkpoints")
def test_an_interrupted_picture_is_resumed_from_its_checkpoint(folders):
    photo, style = folders / "photos" / "a.png", folders / "styles" / "x.png"
    request = Request(SHALLOW, size=48, resume=True)
    first, second = Stopping(2), Stopping()
    with pytest.raises(KeyboardInterrupt):
        list(paint_files(photo, style, folders / "out.png", request, watch=first))
    assert list(folders.glob("out.png.*.checkpoint"))
    assert read_recipe(folders / "out.png").step == 2
    (painted,) = paint_files(photo, style, folders / "out.png", request, watch=second)
    assert first.steps + second.steps == [1, 2, 3, 4]
    assert painted.place == folders / "out.png"
    assert not list(folders.glob("*.checkpoint"))
    whole = list(paint_files(photo, style, folders / "whole.png", Request(SHALLOW, 48)))
    resumed, straight = (
        np.asarray(Image.open(folders / name)) for name in ("out.png", "whole.png")
    )
    assert (resumed == straight).all()
    assert whole[0].status == "painted"


@pytest.mark.parametrize("letter", ["x", "画"])
@pytest.mark.usefixtures("keen_checkpoints")
def test_a_picture_of_the_longest_name_is_resumed(folders, letter):
    photo, style = folders / "photos" / "a.png", folders / "styles" / "x.png"
    output = folders / (letter * (250 // len(letter.encode())) + ".png")
    other = output.with_name(f"{output.stem[:-1]}-.png")  # begins as the other does
    request, watch = Request(SHALLOW, size=48, resume=True), Stopping()
    for file in (output, other):
        with pytest.raises(KeyboardInterrupt):
            list(paint_files(photo, style, file, request, watch=Stopping(2)))
    (painted,) = paint_files(photo, style, output, request, watch=watch)
    assert (painted.status, watch.steps) == ("painted", [3, 4])
    assert not checkpoints_of(output)
    assert checkpoints_of(other)


@pytest.mark.parametrize("last", ["write", "remove"])
def test_a_checkpoint_of_another_picture_stays_until_there_is_more_of_this_one(
    folders, photo, painting, last
):
    *_, frame = stylize(photo, painting, lambda: replace(SHALLOW, steps=1))
    one, other = (
        Checkpoints(folders / "out.png", photo, Styles((painting,)), Settings(beta=beta), "")
        for beta in (1, 2)
    )
    other.write(frame)
    (theirs,) = checkpoints_of(folders / "out.png")
    assert one.load() is None
    assert theirs.exists()
    one.write(frame) if last == "write" else one.remove()
    assert not theirs.exists()
    assert len(checkpoints_of(folders / "out.png")) == (last == "write")


@pytest.mark.usefixtures("keen_checkpoints")
def test_a_mistyped_setting_costs_no_checkpoint(folders):
    photo, style = folders / "photos" / "a.png", folders / "styles" / "x.png"
    request = Request(SHALLOW, size=48, resume=True)
    mistyped = replace(request, settings=replace(SHALLOW, beta=50))

    class AtOnce(Unwatched):
        def begin(self, *_):
            raise KeyboardInterrupt

    for each, watch in ((request, Stopping(2)), (mistyped, AtOnce())):
        with pytest.raises(KeyboardInterrupt):
            list(paint_files(photo, style, folders / "out.png", each, watch=watch))
    again = Stopping()
    list(paint_files(photo, style, folders / "out.png", request, watch=again))
    assert again.steps == [3, 4]


def test_a_picture_without_a_recipe_is_unfinished_where_a_checkpoint_is_beside(folders):
    output = folders / "out.bmp"
    output.write_bytes(b"a picture")
    assert is_finished(output)
    (folders / "out.bmp.01234567.checkpoint").write_bytes(b"")
    assert not is_finished(output)


@pytest.mark.integration
def test_a_photo_comes_from_standard_input_and_the_picture_goes_to_standard_output(folders):
    command = [sys.executable, "-m", "style_transfer", "-", str(folders / "styles" / "x.png")]
    answer = subprocess.run(
        [*command, "-o", "-", *FAST],
        input=(folders / "photos" / "a.png").read_bytes(),
        capture_output=True,
        check=True,
    )
    (folders / "out.png").write_bytes(answer.stdout)
    with Image.open(folders / "out.png") as picture:
        assert picture.size == (48, 48)
    assert read_recipe(folders / "out.png").style == "x.png"


def test_options_are_completed_in_shells(capsys):
    pytest.importorskip("shtab")
    with pytest.raises(SystemExit) as ended:
        run_command(["--print-completion", "bash"])
    assert ended.value.code == 0
    script = capsys.readouterr().out
    assert "--style-layers" in script
    assert "complete -o bashdefault -F _shtab_style_transfer style-transfer\n" in script


def test_settings_of_a_file_are_those_of_a_settings_file_too(folders):
    photo, style = folders / "photos" / "a.png", folders / "styles" / "x.png"
    save_recipe(
        Recipe(size=40, settings=replace(SHALLOW, beta=3, steps=1)), folders / "settings.json"
    )
    given = [photo, style, "-o", folders / "o.png", "--settings", folders / "settings.json"]
    assert run_command([*map(str, given)]) == 0
    assert read_recipe(folders / "o.png").settings.beta == 3


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_twelve_photos_in_two_styles_survive_a_kill(tmp_path):
    (tmp_path / "photos").mkdir()
    for number in range(12):
        to_pil(smooth_picture(number)).save(tmp_path / "photos" / f"{number:02}.png")
    (tmp_path / "photos" / "05.png").write_bytes(b"\x89PNG damaged")
    (tmp_path / "styles").mkdir()
    for name in "xy":
        to_pil(smooth_picture(ord(name))).save(tmp_path / "styles" / f"{name}.png")
    command = [sys.executable, "-m", "style_transfer", "photos", "styles", "-o", "out"]
    command += ["--each-style", "--skip-existing", "--size", "48", "--steps", "20"]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.getcwd()}
    process = subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 240
    while len([*tmp_path.glob("out/*.png")]) < 5 and time.monotonic() < until:
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = {file: file.stat().st_mtime_ns for file in tmp_path.glob("out/*.png")}
    answer = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert answer.returncode == 1
    assert len([*tmp_path.glob("out/*.png")]) == 22
    assert all(file.stat().st_mtime_ns == time for file, time in before.items())
    assert "2 of 24 pictures failed" in answer.stderr.splitlines()[-1]
    assert "05.png" in answer.stderr
