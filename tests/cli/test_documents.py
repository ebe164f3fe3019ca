"""The commands that README and docs show."""

import re
import shlex
from pathlib import Path

import pytest

from style_transfer.cli import run_command
from style_transfer.images import to_pil
from tests.cli.conftest import QUICK
from tests.conftest import smooth_picture

ROOT = Path(__file__).parents[2]
DOCS = sorted((ROOT / "docs").glob("*.md"))
FILM = re.compile(r"clip\.|dance\.")
SMALL = (*QUICK, "--size", "32")
NAME = "python -m style_transfer "


def commands() -> list[str]:
    """All commands that paint photos, each on one line, without comments."""
    texts = [file.read_text(encoding="utf-8") for file in (ROOT / "README.md", *DOCS)]
    blocks = [block for text in texts for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL)]
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    return [line for line in lines if line.startswith(NAME) and not FILM.search(line)]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with the files that the commands name, as the present one."""
    pytest.importorskip("tifffile")
    photo, painting, mask = (to_pil(smooth_picture(seed)) for seed in (1, 2, 3))
    for name in ("photo.jpg", "photo.tif", "preview.png", "photos/1.png", "photos/2.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        photo.save(tmp_path / name)
    for name in ("painting.jpg", "monet.jpg", "klimt.jpg", "styles/1.png", "styles/2.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        painting.save(tmp_path / name)
    mask.convert("L").save(tmp_path / "face.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("command", dict.fromkeys(commands()))
def test_each_paints(folder, command):
    arguments = shlex.split(command.removeprefix(NAME), comments=True)
    assert run_command([*arguments, *SMALL]) == 0
    assert (folder / arguments[arguments.index("-o") + 1]).exists()


def test_they_are_found():
    assert len(commands()) >= 8
