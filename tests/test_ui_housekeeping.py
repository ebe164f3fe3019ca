"""What nobody owns any more is removed, and nothing else."""

import os
import time

import pytest

from style_transfer.ui import housekeeping
from style_transfer.ui.events import SESSIONS
from style_transfer.ui.housekeeping import UNCLAIMED, remove, tidy


@pytest.fixture
def upload(tmp_path, monkeypatch):
    """A function that makes an upload as Gradio does, and returns its file."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    monkeypatch.setenv("STYLE_TRANSFER_KEPT_FOLDER", str(tmp_path / "kept"))

    def upload(letter="a", age=2 * UNCLAIMED):
        file = tmp_path / "uploads" / (letter * 64) / "photo.jpg"
        file.parent.mkdir(parents=True)
        file.touch()
        os.utime(file, (time.time() - age,) * 2)
        return file

    return upload


def test_an_upload_that_nobody_made_use_of_goes_after_its_time(upload):
    old, young, sample = upload("a"), upload("b", age=10), upload("c")
    tidy({sample})
    assert not old.parent.exists()
    assert young.exists()
    assert sample.exists()


def test_an_upload_goes_with_the_last_page_that_used_it(upload, monkeypatch):
    monkeypatch.setattr(SESSIONS, "release", remove)
    file = upload()
    for page in ("one", "other"):
        SESSIONS.of(page).uploads.add(file)
    SESSIONS.close("one")
    tidy(set())
    assert file.exists()
    SESSIONS.close("other")
    assert not file.parent.exists()


def test_an_upload_that_was_broken_off_goes(upload):
    broken = upload().parents[1] / "tmpabc"
    broken.touch()
    os.utime(broken, (0, 0))
    tidy(set())
    assert not broken.exists()


def test_no_file_but_an_upload_is_ever_removed(upload, tmp_path):
    upload()
    others = [tmp_path / "mine.jpg", tmp_path / "uploads" / ("z" * 32) / "1.jpg"]
    for other in others:
        other.parent.mkdir(exist_ok=True)
        other.touch()
        remove(other)
        assert other.exists()


def test_a_caller_without_a_page_is_forgotten_after_a_while(upload, monkeypatch):
    monkeypatch.setattr(housekeeping.SESSIONS, "_sessions", {})
    SESSIONS.of("caller")
    SESSIONS.sweep()
    assert SESSIONS.all()
    monkeypatch.setattr("style_transfer.ui.session.IDLE", -1.0)
    monkeypatch.setattr("style_transfer.ui.session.PAGES.watched", True)
    SESSIONS.sweep()
    assert not SESSIONS.all()
