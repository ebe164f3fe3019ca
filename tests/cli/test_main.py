"""The command line, in this process but for what only a process of its own shows."""

import json
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from style_transfer.cli import run_command
from style_transfer.cli.parser import EXIT_NOT_AS_ASKED
from style_transfer.engine import MultiscaleObjective, stylize
from style_transfer.images import save, to_pil
from style_transfer.runs import ThreadExecutor
from tests.cli.conftest import QUICK
from tests.unusual import write_all

FAST = [*QUICK, "--size", "48"]


@pytest.fixture
def files(tmp_path, photo, painting):
    for name, picture in (("photo.png", photo), ("style.png", painting)):
        to_pil(picture).save(tmp_path / name)
    return tmp_path / "photo.png", tmp_path / "style.png", tmp_path / "out.png"


def run(files, *options):
    photo, style, output = map(str, files)
    return run_command([photo, style, "-o", output, *FAST, *options])


def opened(file):
    with Image.open(file) as picture:
        picture.load()
        return picture


def records(file):
    return [json.loads(line) for line in file.read_text().splitlines()]


@pytest.mark.integration
def test_the_log_has_a_line_for_each_step_and_both_losses_fall(files, tmp_path):
    log = tmp_path / "run.jsonl"
    assert run(files, "--steps", "20", "--init", "noise", "--log", str(log)) == 0
    lines = records(log)
    assert [line["step"] for line in lines] == list(range(1, 21))
    assert set(lines[0]) == {
        "step", "seconds", "height", "width", "content_loss", "style_loss", "total_loss"
    }  # fmt: skip
    assert lines[-1]["style_loss"] < 0.75 * lines[0]["style_loss"]  # 0.3 to 0.6, by backend
    assert lines[-1]["content_loss"] < 0.75 * lines[0]["content_loss"]  # 0.5 to 0.6, by backend
    assert all(a["seconds"] < b["seconds"] for a, b in pairwise(lines))
    assert (lines[-1]["height"], lines[-1]["width"]) == (48, 48)


def test_with_beta_0_the_photo_comes_back(files):
    assert run(files, "--beta", "0") == 0
    photo, result = (np.asarray(opened(file)).astype(int) for file in (files[0], files[2]))
    assert np.abs(photo - result).max() <= 1


def test_it_says_beforehand_how_long_it_will_take_and_how_much_memory(files, capsys):
    assert run(files) == 0
    assert re.search(r"about \d+ (s|min) and \d+\.\d GB of memory", capsys.readouterr().err)


def test_with_the_same_picture_twice_the_loss_starts_at_0_up_to_rounding(files, tmp_path):
    log = tmp_path / "run.jsonl"
    assert run((files[0], files[0], files[2]), "--log", str(log)) == 0
    assert records(log)[0]["total_loss"] < 1e-5


@pytest.mark.integration
@pytest.mark.parametrize(
    "options",
    [
        ["--optimizer", "adam"],
        ["--init", "noise", "--seed", "3"],
        ["--init", "style"],
        ["--statistic", "covariance"],
        ["--pooling", "max"],
        ["--style-layers", "relu1_1", "relu2_1=0.5"],
        ["--content-layer", "relu2_2", "--alpha", "2", "--tv", "1"],
        ["--match-colors", "--style-scale", "2"],
        ["--keep-colors", "0.5"],
    ],
)
def test_every_option_makes_a_picture(files, options):
    assert run(files, *options) == 0
    assert opened(files[2]).size == (48, 48)


def test_two_styles_and_a_mask_leave_what_is_black_as_it_is(files, tmp_path, painting):
    to_pil(1 - painting).save(tmp_path / "other.png")
    mask = Image.new("RGB", (96, 96), "black")  # twice as large as the photo
    mask.paste("red", (40, 0, 96, 48))
    mask.paste("lime", (40, 48, 96, 96))
    mask.save(tmp_path / "mask.png")
    arguments = [files[0], files[1], tmp_path / "other.png", "-o", files[2], *FAST]
    options = ["--style-weights", "1", "2", "--mask", tmp_path / "mask.png"]
    assert run_command([str(each) for each in (*arguments, *options)]) == 0
    photo, result = (np.asarray(opened(file)).astype(int) for file in (files[0], files[2]))
    assert np.abs(photo - result)[:, :20].max() <= 2
    assert np.abs(photo - result)[:, 24:].mean() > 2


def test_a_mask_of_other_proportions_and_styles_without_weight_are_told(files, tmp_path, capsys):
    Image.new("RGB", (96, 48)).save(tmp_path / "mask.png")
    assert run(files, "--mask", str(tmp_path / "mask.png")) == 2
    assert "other proportions than the photo" in capsys.readouterr().err
    twice = [str(file) for file in (files[0], files[1], files[1])]
    assert run_command([*twice, "-o", str(files[2]), "--style-weights", "0", "0"]) == 2
    assert "One of the 2 styles needs a weight above 0" in capsys.readouterr().err
    assert run_command([*twice, *twice, "-o", str(files[2])]) == 2
    assert "1 to 4 styles, not 5" in capsys.readouterr().err


def test_a_mask_of_white_on_nothing_paints_where_it_is_white(files, tmp_path):
    mask = Image.new("RGBA", (48, 48))
    mask.paste("white", (24, 0, 48, 48))
    for name in ("mask.png", "mask.tif"):
        mask.save(tmp_path / name)
        assert run(files, "--mask", str(tmp_path / name)) == 0
        photo, result = (np.asarray(opened(file)).astype(int) for file in (files[0], files[2]))
        assert np.abs(photo - result)[:, :20].max() <= 2
        assert np.abs(photo - result)[:, 28:].mean() > 2


def test_a_mask_that_would_change_nothing_is_told(files, tmp_path, capsys):
    Image.new("L", (48, 48), "white").save(tmp_path / "mask.tif")
    assert run(files, "--mask", str(tmp_path / "mask.tif")) == 2
    assert "mask.tif: this mask is white everywhere" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["same", "symlink", "hardlink", "style", "mask"])
def test_a_picture_that_would_replace_an_input_is_refused(files, tmp_path, capsys, kind):
    photo, style, output = files
    if kind == "same":
        output = photo.parent / "." / ".." / photo.parent.name / photo.name
    elif kind == "symlink":
        output.symlink_to(photo.name)
    elif kind == "hardlink":
        output.hardlink_to(photo)
    else:
        output = tmp_path / f"{kind}.png"
    Image.new("L", (48, 48)).save(tmp_path / "mask.png")
    before = {file: file.read_bytes() for file in tmp_path.iterdir()}
    assert run((photo, style, output), "--mask", str(tmp_path / "mask.png")) == 2
    error = capsys.readouterr().err
    assert re.search(r"the picture would overwrite .*\.png; give it another name", error)
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_it_says_that_a_small_photo_is_not_enlarged(files, capsys):
    words = "is painted at its 48 x 48 pixels: a photo is not enlarged to --size 300 without"
    assert run(files, "--size", "300", "--steps", "1") == 0
    assert words in capsys.readouterr().err
    assert opened(files[2]).size == (48, 48)
    assert run(files, "--steps", "1") == 0
    assert "enlarged" not in capsys.readouterr().err


@pytest.mark.parametrize("name", ["out.png", "out.jpg", "out.webp"])
def test_the_format_is_told_by_the_extension(files, name):
    output = files[2].with_name(name)
    assert run((*files[:2], output)) == 0
    assert opened(output).format == {"jpg": "JPEG"}.get(name[4:], name[4:].upper())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--alpha", "-1"], "alpha must be a number from 0 to 1,000,000, not -1.0"),
        (["--beta", "nan"], "beta must be a number from 0 to 1,000,000, not nan"),
        (["--steps", "0"], "steps must be a whole number from 1"),
        (["--size", "8"], "8 is too small"),
        (["--device", "cuda:77"], "There is no device 'cuda:77' here"),
        (["--size", "large"], "argument --size: 'large' is neither a whole number of pixels nor a"),
        (["--size", "1,5cm"], "argument --size: '1,5cm' is neither a whole number of pixels nor a"),
        (["--size", "1cm", "--dpi", "inf"], "dpi must be from 1 to 100,000, not inf"),
        (["--size", "1cm", "--dpi", "nan"], "dpi must be from 1 to 100,000, not nan"),
        (["--size", "1cm", "--dpi", "0"], "dpi must be from 1 to 100,000, not 0"),
        (["--steps", "1e3"], "argument --steps: '1e3' is not a whole number"),
        (["--tv", "much"], "argument --tv: 'much' is not a number"),
        (["--init", "noise", "--seed", "9" * 20], "seed must be a whole number from 0 to 9,007,"),
        (["--seed", "-1"], "seed must be a whole number from 0 to"),
        (["--style-layers", "relu9_1"], "style layer 'relu9_1' is not one of pixels, relu1_1"),
        (["--style-layers", "relu1_1=much"], "weight of relu1_1 must be a number, not 'much'"),
        (["--style-layers", "relu1_1", "relu1_1:2"], "style layer 'relu1_1' is given twice"),
        (["--style-layers", "relu1_1=0"], "at least one layer"),
        (["--content-layer", "conv1"], "'conv1'"),
        (["--statistic", "mean"], "'mean'"),
        (["-o", "/nowhere/out.png"], "the folder /nowhere does not exist"),
        (["-o", "out.xyz"], "no known picture format"),
        (["--log", "/nowhere/run.jsonl"], "/nowhere/run.jsonl: the log cannot be written here (No"),
        (["--style-weights", "1", "2"], "--style-weights has 2 weights, but each picture has one"),
        (["--mask", ""], "argument --mask: this must be the name of a file or folder, not ''"),
        (["-o", ""], "argument -o/--output: this must be the name of a file or folder, not ''"),
        (["--unknown"], "--unknown"),
        (["--style-weights", "0", "0", "0", "0"], "At least one style needs a weight above 0"),
        (["--style-scale", "9"], "style_scale must be from 0.25 to 4, not 9.0"),
        (["--mask", "nowhere.png"], "nowhere.png: there is no such file"),
    ],
)
def test_a_mistake_is_one_line_on_stderr_and_exit_code_2(files, capsys, options, words):
    try:
        code = run(files, *options)
    except SystemExit as exit:
        code = exit.code
    error = capsys.readouterr().err
    assert code == 2
    assert words in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("given", [("", "style.png"), ("photo.png", "")])
def test_a_name_that_an_unset_variable_left_empty_is_not_the_current_folder(given, capsys):
    with pytest.raises(SystemExit) as ended:
        run_command([*given, "-o", "out.png"])
    assert ended.value.code == 2
    assert "this must be the name of a file or folder, not ''" in capsys.readouterr().err


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("can't allocate memory")])
def test_memory_that_ends_while_the_files_are_read_is_told(files, capsys, monkeypatch, error):
    def short_of_memory(*_):
        raise error

    monkeypatch.setattr("style_transfer.batch.started.read_inputs", short_of_memory)
    assert run(files) == 2
    told = capsys.readouterr().err
    assert "not enough memory to begin" in told
    assert told.count("\n") == 1


@pytest.mark.parametrize("page", [(), ("--page", "1")])
def test_a_photo_is_not_enlarged_to_a_picture_that_memory_does_not_hold(
    files, capsys, monkeypatch, page
):
    def not_reached(*_):
        raise AssertionError

    monkeypatch.setattr("style_transfer.batch.started.read_inputs", not_reached)
    monkeypatch.setattr(ThreadExecutor, "available_memory", lambda _: 2_000_000_000)
    assert run(files, "--size", "20000", "--enlarge", *page) == 2
    assert "A picture of 20000 x 20000 pixels needs" in capsys.readouterr().err


def test_a_file_that_is_no_picture_is_named_in_one_line(files, capsys):
    files[1].write_text("not a picture")
    assert run(files) == 2
    error = capsys.readouterr().err
    assert "style.png" in error
    assert error.count("\n") == 1


def test_unusual_pictures_each_give_a_picture_or_one_line(files, tmp_path, capfd):
    folder = tmp_path / "unusual"
    folder.mkdir()
    for name, words in write_all(folder).items():
        given = [str(folder / name), str(files[1]), "-o", str(files[2])]
        code = run_command([*given, *QUICK, "--steps", "1"])
        error = capfd.readouterr().err
        if words:
            assert code == 2
            assert words in error
            assert error.count("\n") == 1
        else:
            assert code == 0, error
            assert "step 1 of 1" in error.splitlines()[-1]  # nothing but the progress bar
            assert opened(files[2]).size == ((48, 64) if name == "turned.jpg" else (64, 48))
            files[2].unlink()


@pytest.mark.integration
def test_ctrl_c_saves_the_picture_so_far(files, tmp_path):
    log = tmp_path / "run.jsonl"
    command = [sys.executable, "-X", "faulthandler", "-m", "style_transfer"]
    process = subprocess.Popen(
        [
            *command,
            *map(str, files[:2]),
            "-o",
            str(files[2]),
            "--size",
            "48",
            "--steps",
            "100000",
            "--log",
            str(log),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until = time.monotonic() + 240
    while not (log.exists() and log.stat().st_size) and time.monotonic() < until:
        assert process.poll() is None
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    try:
        out, error = process.communicate(timeout=120)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGABRT)  # tells where each thread is
        out, error = process.communicate()
    assert process.returncode == 0, error
    assert "Traceback" not in error
    assert "Interrupted after step" in out + error
    assert opened(files[2]).size == (48, 48)


def test_ctrl_c_that_is_caught_on_the_way_ends_the_run_all_the_same(files, capsys, monkeypatch):
    def caught(*arguments, **named):
        for frame in stylize(*arguments, **named):
            if frame.step == 2:
                with suppress(KeyboardInterrupt):
                    signal.raise_signal(signal.SIGINT)
            yield frame

    monkeypatch.setattr("style_transfer.runs.thread_executor.stylize", caught)
    before = signal.getsignal(signal.SIGINT)
    assert run(files) == 0
    assert "Interrupted after step 2" in "".join(capsys.readouterr())
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_while_the_picture_is_saved_loses_nothing(files, capsys, monkeypatch):
    def interrupted(*arguments):
        signal.raise_signal(signal.SIGINT)
        save(*arguments)

    while_painting(monkeypatch, lambda: signal.raise_signal(signal.SIGINT), step=2)
    monkeypatch.setattr("style_transfer.batch.writing.save", interrupted)
    before = signal.getsignal(signal.SIGINT)
    assert run(files) == 0
    out, error = capsys.readouterr()
    assert "Interrupted after step 1" in out
    assert "before there was a picture" not in error
    assert opened(files[2]).size == (48, 48)
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_before_the_first_step_is_one_line(files, capsys, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("style_transfer.batch.started.read_inputs", interrupted)
    assert run(files) == 130
    error = capsys.readouterr().err
    assert "interrupted before there was a picture" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("init", ["content", "style.png"])
def test_where_no_step_was_made_the_picture_of_before_stays(files, capsys, monkeypatch, init):
    files[2].write_bytes(b"a finished picture")
    while_painting(monkeypatch, lambda: signal.raise_signal(signal.SIGINT))
    start = init if init == "content" else files[1]
    assert run(files, "--init", str(start)) == 130
    out, error = capsys.readouterr()
    assert out == ""
    assert "interrupted before there was a picture" in error
    assert files[2].read_bytes() == b"a finished picture"


def test_memory_that_ends_in_the_first_step_costs_no_picture_of_before(files, capsys, monkeypatch):
    def short_of_memory(*_):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB.")

    files[2].write_bytes(b"a finished picture")
    monkeypatch.setattr(MultiscaleObjective, "evaluate", short_of_memory)
    assert run(files) == EXIT_NOT_AS_ASKED
    assert "not enough memory for step 1" in capsys.readouterr().err
    assert files[2].read_bytes() == b"a finished picture"


def saved_elsewhere(error):
    """The file that the sentence on stderr names."""
    return Path(re.search(r"cannot be written \(.+\); the picture is in (.+)\n", error)[1])


def while_painting(monkeypatch, happens, step=1):
    """Let something happen to the files during a step."""

    def painting(*arguments, **named):
        for frame in stylize(*arguments, **named):
            if frame.step == step:
                happens()
            yield frame

    monkeypatch.setattr("style_transfer.runs.thread_executor.stylize", painting)


def test_a_log_that_cannot_be_written_is_told_once_before_anything_is_read(files, tmp_path, capsys):
    (tmp_path / "logs").mkdir()
    given = ["--betas", "1", "2", "-o", str(tmp_path / "out"), "--log", str(tmp_path / "logs")]
    assert run(files, *given) == 2
    error = capsys.readouterr().err
    assert "logs: the log cannot be written here (Is a directory)" in error
    assert error.count("\n") == 1


def test_a_log_of_no_picture_is_not_left_behind(files, tmp_path):
    files[1].write_text("not a picture")
    assert run(files, "--log", str(tmp_path / "log")) == 2
    assert not (tmp_path / "log").exists()


def test_a_log_is_begun_anew(files, tmp_path):
    (tmp_path / "log").write_text("of before\n")
    assert run(files, "--log", str(tmp_path / "log")) == 0
    assert [line["step"] for line in records(tmp_path / "log")] == [1, 2, 3]


def test_a_log_of_before_stays_where_the_inputs_are_refused(files, tmp_path):
    log = tmp_path / "run.jsonl"
    log.write_text("hours of work\n")
    files[1].write_text("not a picture")
    assert run(files, "--log", str(log)) == 2
    assert run(files, "--log", str(log), "--beta", "-1") == 2
    assert log.read_text() == "hours of work\n"


@pytest.mark.parametrize("name", ["photo.png", "style.png", "mask.png", "out.png"])
def test_a_log_named_as_one_of_the_pictures_is_refused(files, tmp_path, capsys, name):
    Image.new("RGB", (48, 48), "white").save(tmp_path / "mask.png")
    files[2].write_bytes(b"an older picture")
    content = (tmp_path / name).read_bytes()
    assert run(files, "--mask", str(tmp_path / "mask.png"), "--log", str(tmp_path / name)) == 2
    error = capsys.readouterr().err
    assert f"the log would overwrite {tmp_path / name}" in error
    assert error.count("\n") == 1
    assert (tmp_path / name).read_bytes() == content


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--log", "start.png", "--init", "start.png"], "the log would overwrite start.png"),
        (
            ["--contact-sheet", "start.png", "--init", "start.png"],
            "sheet would overwrite start.png",
        ),
        (["--contact-sheet", "a.png", "--log", "a.png"], "the contact sheet would overwrite a.png"),
        (["-o", "made.png", "--settings", "made.png"], "the picture would overwrite made.png"),
    ],
)
def test_outputs_overwrite_neither_inputs_nor_each_other(
    files, tmp_path, capsys, monkeypatch, options, words
):
    monkeypatch.chdir(tmp_path)
    save(torch.full((1, 3, 48, 48), 0.5), tmp_path / "start.png")
    assert run((*files[:2], tmp_path / "made.png")) == 0
    before = {file: file.read_bytes() for file in tmp_path.iterdir()}
    capsys.readouterr()
    assert run(files, *options) == 2
    assert words in capsys.readouterr().err
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has such a device")
def test_a_log_on_a_full_disk_ends_no_run(files, capsys):
    assert run(files, "--log", "/dev/full") == 0
    assert "the log cannot be written any more (No space left on device)" in capsys.readouterr().err
    assert opened(files[2]).size == (48, 48)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has such a device")
def test_a_picture_for_a_disk_that_is_full_by_then_is_saved_elsewhere(files, capsys, monkeypatch):
    while_painting(monkeypatch, lambda: files[2].symlink_to("/dev/full"))
    assert run(files) == EXIT_NOT_AS_ASKED
    error = capsys.readouterr().err
    assert "No space left on device" in error
    assert opened(saved_elsewhere(error)).size == (48, 48)


def test_a_picture_whose_folder_has_gone_is_saved_elsewhere(files, tmp_path, capsys, monkeypatch):
    (tmp_path / "there").mkdir()
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    while_painting(monkeypatch, (tmp_path / "there").rmdir)
    assert run((*files[:2], tmp_path / "there" / "out.jpg")) == EXIT_NOT_AS_ASKED
    elsewhere = saved_elsewhere(capsys.readouterr().err)
    assert elsewhere.parent == tmp_path / "here"
    assert opened(elsewhere).format == "PNG"


def test_a_picture_whose_name_was_taken_by_a_folder_is_saved_beside_it(files, capsys, monkeypatch):
    while_painting(monkeypatch, files[2].mkdir)
    assert run(files) == EXIT_NOT_AS_ASKED
    elsewhere = saved_elsewhere(capsys.readouterr().err)
    assert elsewhere.parent == files[2].parent
    assert opened(elsewhere).size == (48, 48)


def test_a_picture_that_can_be_saved_nowhere_is_one_line(files, capsys, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("style_transfer.batch.writing.save", full)
    assert run(files) == EXIT_NOT_AS_ASKED
    assert "nor can a file in any other folder" in capsys.readouterr().err


def test_the_picture_so_far_is_saved_where_the_program_has_a_fault(files, monkeypatch):
    def faulty(*arguments, **named):
        for frame in stylize(*arguments, **named):
            yield frame
            assert frame.step < 2, "a fault"

    monkeypatch.setattr("style_transfer.runs.thread_executor.stylize", faulty)
    with pytest.raises(AssertionError, match="a fault"):
        run(files)
    assert opened(files[2]).size == (48, 48)


@pytest.mark.parametrize("name", ["out of reach.png", "Mädchen mit Perle.png", "星月夜.webp"])
def test_names_may_have_spaces_and_letters_of_any_script(tmp_path, photo, painting, name):
    folder = tmp_path / "gemalte Bilder 画"
    folder.mkdir()
    for file, picture in ((folder / f"photo {name}", photo), (folder / f"style {name}", painting)):
        to_pil(picture).save(file)
    given = folder / f"photo {name}", folder / f"style {name}", folder / name
    assert run(given, "--log", str(folder / "log ü.jsonl")) == 0
    assert opened(given[2]).size == (48, 48)
    assert len(records(folder / "log ü.jsonl")) == 3


def test_where_memory_ends_the_last_picture_is_saved_and_one_sentence_says_so(
    files, monkeypatch, capsys
):
    evaluate, calls = MultiscaleObjective.evaluate, []

    def short_of_memory(self, *arguments):
        calls.append(1)
        if len(calls) == 3:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB.")
        return evaluate(self, *arguments)

    monkeypatch.setattr(MultiscaleObjective, "evaluate", short_of_memory)
    assert run(files) == 1
    assert opened(files[2]).size == (48, 48)
    told = capsys.readouterr().err.splitlines()[-1]
    assert "not enough memory for step 3 of a picture of 48 x 48 pixels; choose a smaller" in told
