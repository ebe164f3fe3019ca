"""The command line as a process: its console may fail, and signals end it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tqdm import tqdm

from style_transfer.cli.console import complain
from style_transfer.images import to_pil
from tests.cli.test_main import opened

pytestmark = pytest.mark.integration
posix_only = pytest.mark.skipif(sys.platform == "win32", reason="signals and devices of POSIX")
full_only = pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has such a device")


@pytest.fixture
def files(tmp_path, photo, painting):
    for name, picture in (("photo.png", photo), ("style.png", painting)):
        to_pil(picture).save(tmp_path / name)
    return tmp_path / "photo.png", tmp_path / "style.png", tmp_path / "画.png"


def start(files, steps, prefix=(), **options):
    arguments = [*map(str, files[:2]), "-o", str(files[2]), "--size", "48", "--steps", str(steps)]
    # A second thread costs tenfold on a busy machine, and small pictures gain nothing from it.
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    options = {
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.PIPE,
        "env": environment,
    } | options
    command = [*prefix, sys.executable, "-m", "style_transfer", *arguments]
    return subprocess.Popen([*command, "--log", str(files[2].with_name("log"))], **options)


def wait_for_step(process, files):
    log, until = files[2].with_name("log"), time.monotonic() + 240
    while not (log.exists() and log.stat().st_size) and time.monotonic() < until:
        assert process.poll() is None
        time.sleep(0.05)


@posix_only
@full_only
@pytest.mark.slow
def test_a_signal_while_the_console_is_full_saves_the_picture(files):
    with open("/dev/full", "wb") as full:
        process = start(files, 100_000, stdout=full, stderr=full)
        wait_for_step(process, files)
        for _ in range(3):  # impatient
            process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=120) == 0
    assert opened(files[2]).size == (48, 48)


@posix_only
@pytest.mark.slow
def test_closed_streams_cost_no_picture_and_are_not_mixed_into_files(files):
    process = start(files, 3, prefix=["sh", "-c", 'exec "$0" "$@" <&- >&- 2>&-'])
    assert process.communicate(timeout=120)[1] == b""
    assert process.returncode == 0
    assert opened(files[2]).size == (48, 48)
    assert len(files[2].with_name("log").read_text().splitlines()) == 3


def test_names_that_the_console_has_no_letters_for_are_written_escaped(files):
    output = files[2].with_suffix(".xyz")
    environment = os.environ | {"PYTHONIOENCODING": "cp1252"}
    process = start((*files[:2], output), 3, env=environment)
    _, error = process.communicate(timeout=120)
    assert process.returncode == 2
    assert rb"\u753b.xyz: no known picture format" in error


def test_a_sentence_is_a_line_of_its_own_above_a_progress_bar(capsys):
    with tqdm(total=1, bar_format="{bar}"):
        complain("words")
    assert "\rstyle_transfer: words\n" in capsys.readouterr().err


def test_help_tells_the_exit_codes():
    command = [sys.executable, "-m", "style_transfer", "--help"]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    told = " ".join(answer.stdout.split())
    assert "0 the picture is saved, also after an interruption" in told
    assert "130 interrupted before there was a picture" in told
