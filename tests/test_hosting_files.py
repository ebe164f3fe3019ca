"""What a Space and a container are made from: front matter, requirements, sizes, contents."""

import re
import shlex
import subprocess
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
KEYS = {  # of the Hub's reference for the configuration of Spaces, those that are used
    *("title", "emoji", "colorFrom", "colorTo", "sdk", "sdk_version", "python_version"),
    *("app_file", "license", "short_description", "tags", "header", "fullWidth"),
    "startup_duration_timeout",
}
COLORS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
ZERO_GPU_PYTHONS = {"3.10", "3.12"}
ZERO_GPU_TORCHES = {"2.8.0", "2.9.1", "2.10.0", "2.11.0"}
MAX_FILE, MAX_SPACE = 10_000_000, 1_000_000_000  # bytes; larger files need an extension of git
WORKFLOW = ROOT / ".github" / "workflows" / "space.yml"


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def front_matter():
    yaml = pytest.importorskip("yaml", reason="reads front matter; comes with gradio")
    return yaml.safe_load(read("README.md").split("---\n")[1])


def tracked():
    answer = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if answer.returncode:
        pytest.skip("not a clone")
    return answer.stdout.splitlines()


def uploaded():
    """The tracked files that the workflow uploads."""
    words = shlex.split(WORKFLOW.read_text(encoding="utf-8").split("--exclude")[1].split("env:")[0])
    return [name for name in tracked() if not any(fnmatch(name, word) for word in words)]


def requirements(name):
    lines = [line.strip() for line in read(name).splitlines()]
    return {line for line in lines if line and not line.startswith(("#", "-r"))}


def test_the_front_matter_has_what_the_hub_takes():
    about = front_matter()
    assert set(about) == KEYS
    assert about["sdk"] == "gradio"
    assert {about["colorFrom"], about["colorTo"]} <= COLORS
    assert len(about["short_description"]) <= 60
    assert about["python_version"] in ZERO_GPU_PYTHONS
    assert (ROOT / about["app_file"]).exists()
    assert about["header"] in ("mini", "default")


def test_a_space_has_a_gradio_that_the_requirements_allow():
    (line,) = (each for each in requirements("requirements.txt") if each.startswith("gradio"))
    low, high = re.search(r">=(\d+\.\d+),<(\d+)", line).groups()
    version = tuple(map(int, front_matter()["sdk_version"].split(".")))
    assert tuple(map(int, low.split("."))) <= version < (int(high),)


def test_a_space_has_our_requirements_with_a_torch_that_zerogpu_lists():
    ours, theirs = requirements("requirements.txt"), requirements("requirements-space.txt")
    (pinned,) = (each for each in theirs if each.startswith("torch=="))
    assert pinned.removeprefix("torch==") in ZERO_GPU_TORCHES
    (wanted,) = (each for each in ours if each.startswith("torch>="))
    least, given = (tuple(map(int, each.split("=")[-1].split("."))) for each in (wanted, pinned))
    assert given >= least
    assert theirs - {pinned, "spaces"} == ours - {wanted}


def test_an_upload_has_what_the_page_needs_and_is_small():
    files = uploaded()
    assert {"app.py", "README.md", "requirements.txt", "assets/vgg19/block1.safetensors"} <= {
        *files
    }
    assert "style_transfer/ui/page.py" in files
    assert not [each for each in files if each.startswith(("tests/", ".", "benchmarks/"))]
    sizes = [(ROOT / each).stat().st_size for each in files]
    assert max(sizes) <= MAX_FILE
    assert sum(sizes) <= MAX_SPACE / 10


def test_a_container_serves_the_port_of_a_space_as_an_ordinary_user():
    lines = read("Dockerfile").splitlines()
    assert "USER 1000" in lines
    assert any("--uid 1000" in line for line in lines)
    assert "EXPOSE 7860" in lines
    assert not [line for line in lines if line.startswith("COPY") and "--chown=user" not in line]


def test_a_container_leaves_out_what_its_page_does_not_need():
    left_out = read(".dockerignore").split()
    assert {"tests", ".venv", ".git*"} <= {*left_out}
    assert not {"style_transfer", "assets", "app.py", "README.md", "pyproject.toml"} & {*left_out}
