"""What is collected and started where a part of the requirements is missing."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

HIDE = """
import sys

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {names}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Hidden())
"""
OPTIONAL = ("spaces", "ray", "prometheus_client", "cv2")  # of which each has an extra of its own

pytestmark = pytest.mark.integration


def without(names, folder, *arguments, **environment):
    """Run Python where modules of these names cannot be imported."""
    (folder / "hide.py").write_text(HIDE.format(names=names))
    return subprocess.run(
        [sys.executable, *arguments],
        env=environment | {"PYTHONPATH": str(folder)},
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_without_gradio_the_tests_of_the_page_are_skipped_and_all_others_collected(tmp_path):
    options = ("-m", "pytest", "--collect-only", "-q", "-rs", "-p", "hide")
    answer = without(("gradio", "gradio_client"), tmp_path, *options, PATH="")
    assert answer.returncode == 0, answer.stdout
    collected, skipped = answer.stdout.split("short test summary info")
    folders = {line.split("/")[1] for line in collected.splitlines() if line.startswith("tests/")}
    assert {"cli", "compatibility", "engine", "images", "losses", "network", "runs"} <= folders
    assert not folders & {"ui", "browser", "crowd"}
    assert "style_transfer/ui" not in collected
    assert int(re.search(r"SKIPPED \[(\d+)\].* the page needs gradio", skipped)[1]) > 20


PAGE = """
import hide, importlib, json, os, pkgutil, sys
from urllib.request import urlopen
import style_transfer

for found in pkgutil.walk_packages(style_transfer.__path__, "style_transfer."):
    importlib.import_module(found.name)
from style_transfer.ui.main import create

page = create()
_, url, _ = page.blocks.launch(**page.launch_options, prevent_thread_lock=True, quiet=True)
told = [json.load(urlopen(url + "health")), len(urlopen(url).read())]
print(json.dumps([*told, sorted(set({names}) & set(sys.modules))]), flush=True)
os._exit(0)  # without waiting for the measurement of this machine
"""


@pytest.mark.slow
def test_without_what_hosts_need_all_is_imported_and_the_page_starts(tmp_path):
    pytest.importorskip("gradio", reason="the page needs gradio")
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    folders = {"STYLE_TRANSFER_KEPT_FOLDER": str(tmp_path / "kept"), "TMPDIR": str(tmp_path)}
    script = PAGE.format(names=OPTIONAL)
    answer = without(OPTIONAL, tmp_path, "-c", script, **environment, **folders)
    assert answer.returncode == 0, answer.stderr
    health, size, imported = json.loads(answer.stdout.strip().splitlines()[-1])
    assert health["alive"]
    assert health["executor"] == "thread"
    assert size > 10_000
    assert imported == []


@pytest.mark.slow
def test_without_what_hosts_need_their_tests_are_skipped_and_say_why(tmp_path):
    options = ("-m", "pytest", "-q", "-rs", "-p", "hide", "-p", "no:cacheprovider")
    files = ("runs/test_zero_gpu.py", "runs/test_ray_cluster.py", "ui/http/test_metrics.py")
    chosen = ("-m", "slow or not slow", *(f"tests/{file}" for file in files))
    answer = without(OPTIONAL, tmp_path, *options, *chosen, PATH="")
    assert answer.returncode == 0, answer.stdout
    for reason in ("ZeroGPU needs spaces", "a cluster needs ray", "prometheus_client reads it"):
        assert re.search(rf"SKIPPED .*{reason}", answer.stdout), answer.stdout
