"""What the test command collects where a part of the requirements is missing."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

HIDE_GRADIO = """
import sys

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("gradio", "gradio_client"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Hidden())
"""


@pytest.mark.integration
def test_without_gradio_the_tests_of_the_page_are_skipped_and_all_others_collected(tmp_path):
    (tmp_path / "hide_gradio.py").write_text(HIDE_GRADIO)
    answer = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-rs", "-p", "hide_gradio"],
        env={"PYTHONPATH": str(tmp_path), "PATH": ""},
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout
    collected, skipped = answer.stdout.split("short test summary info")
    folders = {line.split("/")[1] for line in collected.splitlines() if line.startswith("tests/")}
    assert {"cli", "compatibility", "engine", "images", "losses", "network", "runs"} <= folders
    assert not folders & {"ui", "browser", "crowd"}
    assert "style_transfer/ui" not in collected
    assert int(re.search(r"SKIPPED \[(\d+)\].* the page needs gradio", skipped)[1]) > 20
