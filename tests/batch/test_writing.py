"""Where pictures are written."""

import sys
from pathlib import Path

import pytest
import torch

from style_transfer.batch.writing import check_all_apart, check_apart, save_somewhere
from style_transfer.images import Export

IMAGE = torch.full((1, 3, 16, 16), 0.5)


def test_a_long_name_in_any_script_is_cut_to_one_that_fits_elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    stem = "画" * 83  # 249 bytes; with .png the longest name that most file systems take
    place, words = save_somewhere(IMAGE, tmp_path / "gone" / f"{stem}.png", "{}", Export())
    assert place
    assert str(place) in words
    assert place.parent == Path.cwd()
    assert place.name.startswith("画" * 33 + "-")  # whole letters within 100 bytes
    assert place.exists()


def test_a_log_that_is_another_file_by_another_name_is_refused(tmp_path):
    (tmp_path / "photo.png").write_text("a picture")
    (tmp_path / "link.png").symlink_to("photo.png")
    (tmp_path / "same.png").hardlink_to(tmp_path / "photo.png")
    for name in ("photo.png", "link.png", "same.png", "nowhere/../photo.png"):
        with pytest.raises(ValueError, match=r"the log would overwrite .*photo\.png"):
            check_apart("log", tmp_path / name, [tmp_path / "style.png", tmp_path / "photo.png"])
    check_apart("log", tmp_path / "log", [tmp_path / "photo.png"])


@pytest.mark.parametrize("names", [("Lake.png", "lake.png"), ("\u00e9.png", "e\u0301.png")])
def test_names_that_the_system_does_not_tell_apart_are_one(tmp_path, monkeypatch, names):
    outputs = [("picture", tmp_path / name) for name in names]
    monkeypatch.setattr(sys, "platform", "linux")
    check_all_apart(outputs, [])
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(ValueError, match="the picture would overwrite"):
        check_all_apart(outputs, [])
