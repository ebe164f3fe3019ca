"""Files that take the place of others, also where they are in use."""

import os
import sys

import pytest

from style_transfer import assets, replacing
from style_transfer.engine import State
from style_transfer.images import save
from style_transfer.images.timelapse import save_mp4
from style_transfer.replacing import replace_file
from style_transfer.runs.checkpoint_files import write_expiry
from style_transfer.runs.run_folder import write_file

FRAMES = [assets.path("thumbnails", f"{name}.webp") for name in ("lake", "raccoon")]


@pytest.fixture
def in_use(monkeypatch):
    """The system is Windows, and the files to be replaced are read at first; returns the tries."""
    tries, replace = [], os.replace

    def refuse(part, file):
        tries.append(file)
        if len(tries) < 3:
            raise PermissionError(13, "The process cannot access the file")
        replace(part, file)

    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(os, "replace", refuse)
    monkeypatch.setattr(replacing, "_PAUSE", 0.0)
    return tries


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("state", lambda file, photo: State(1, 0, photo).save(file)),
        ("picture.png", lambda file, photo: save(photo, file)),
        ("film.mp4", lambda file, _: save_mp4(FRAMES, file, 1)),
        ("control.pickle", lambda file, _: write_file(file, b"new")),
        ("expiry.json", lambda file, _: write_expiry(file.parent, 1.0)),
    ],
    ids=["state", "picture", "time-lapse", "file of a run", "file of a checkpoint"],
)
def test_a_file_that_is_read_is_replaced_a_little_later(tmp_path, photo, in_use, name, write):
    file = tmp_path / name
    file.write_bytes(b"old")
    write(file, photo)
    assert len(in_use) == 3
    assert file.read_bytes() != b"old"
    assert [*tmp_path.iterdir()] == [file]


def test_a_file_that_is_read_for_long_stays_as_it_is(tmp_path, in_use, monkeypatch):
    monkeypatch.setattr(replacing, "_TRIES", 2)
    part, file = tmp_path / "part", tmp_path / "file"
    part.write_bytes(b"new")
    file.write_bytes(b"old")
    with pytest.raises(PermissionError):
        replace_file(part, file)
    assert file.read_bytes() == b"old"
