"""The start of the page, in processes of their own."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from style_transfer.ui import main as main_module
from style_transfer.ui.main import main

ROOT = Path(__file__).parents[2]

# Raises the signal where torch is about to be imported.
EARLY = """
import signal, sys
from style_transfer.ui.main import create
class Finder:
    def find_spec(self, name, *_):
        if name == "torch":
            signal.raise_signal(signal.{name})
sys.meta_path.insert(0, Finder())
signal.signal(signal.SIGINT, signal.default_int_handler)
create()
"""


@pytest.mark.integration
@pytest.mark.parametrize("name", [n for n in ("SIGINT", "SIGTERM") if hasattr(signal, n)])
def test_a_signal_in_the_seconds_of_the_imports_ends_the_process_in_one_line(name):
    answer = subprocess.run(
        [sys.executable, "-c", EARLY.format(name=name)], capture_output=True, text=True
    )
    assert answer.stderr == "The page was ended before it was served.\n"
    assert answer.returncode == 0


@pytest.mark.parametrize("port", ["0", "70000", "-1", "x"])
def test_a_port_that_is_none_is_refused_in_a_sentence(port, capsys):
    with pytest.raises(SystemExit) as ended:
        main([f"--port={port}"])
    assert ended.value.code == 2
    assert f"--port: it must be from 1 to 65535, not '{port}'\n" in capsys.readouterr().err


@pytest.mark.integration
def test_the_program_of_a_clone_takes_the_options_of_the_command():
    command = [sys.executable, "app.py", "--port", "nowhere"]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=ROOT)
    assert answer.returncode == 2
    assert answer.stderr.endswith(
        "error: argument --port: it must be from 1 to 65535, not 'nowhere'\n"
    )


def test_the_page_needs_no_standard_streams(monkeypatch):
    """`pythonw` of Windows has none, nor have some services."""
    uvicorn = pytest.importorskip("uvicorn")
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    monkeypatch.setattr(main_module, "_create", lambda _: uvicorn.Config("app"))  # as Gradio does
    assert main_module.create().app == "app"
