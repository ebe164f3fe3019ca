"""What nobody owns any more is removed, and nothing else."""

import asyncio
import os
import time

import gradio as gr
import pytest
from gradio.routes import App

from style_transfer.ui.handlers.steering import SESSIONS
from style_transfer.ui.http import cleanup
from style_transfer.ui.http.cleanup import UNCLAIMED, forget, tidy, tidy_round
from style_transfer.ui.http.gradio_internals import remove_upload
from style_transfer.ui.http.presence import PAGES


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
    monkeypatch.setattr(SESSIONS, "release", remove_upload)
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


def test_a_caller_without_a_page_is_forgotten_after_a_while(upload, monkeypatch):
    monkeypatch.setattr(cleanup.SESSIONS, "_sessions", {})
    SESSIONS.of("caller")
    SESSIONS.sweep()
    assert SESSIONS.all()
    monkeypatch.setattr("style_transfer.ui.session.session.IDLE", -1.0)
    monkeypatch.setattr("style_transfer.ui.session.session.PAGES.is_tracked", True)
    SESSIONS.sweep()
    assert not SESSIONS.all()


@pytest.fixture
def page():
    """A page that Gradio knows two sessions of, with all that it keeps of them."""

    async def served():
        with gr.Blocks() as page:
            gr.Textbox()
        App.create_app(page)
        return page

    page = asyncio.run(served())
    for key in ("one", "other"):
        page.state_holder[key]
        page._queue.pending_messages_per_session[key] = object()
        page._queue.pending_event_ids_session[key] = {"event"}
    return page


def known(page):
    """Return the keys that Gradio keeps anything of."""
    queue, holder = page._queue, page.state_holder
    return {
        *holder.session_data,
        *holder.time_last_used,
        *queue.pending_messages_per_session,
        *queue.pending_event_ids_session,
    }


def test_gradio_forgets_a_session_that_was_nobodys_twice(page, monkeypatch):
    monkeypatch.setattr(PAGES, "is_tracked", True)
    PAGES.add("other", 1)
    try:
        once = forget(page, set())
        assert once == {"one"}
        assert known(page) == {"one", "other"}
        assert forget(page, once) == set()
        assert known(page) == {"other"}
    finally:
        PAGES.add("other", -1)


def test_gradio_forgets_no_session_of_ours_and_none_with_a_call_under_way(page, monkeypatch):
    monkeypatch.setattr(PAGES, "is_tracked", True)
    SESSIONS.of("one")
    event = type("Event", (), {"session_hash": "other"})()
    page._queue.event_ids_to_events["event"] = event
    try:
        assert forget(page, {"one", "other"}) == set()
    finally:
        SESSIONS.close("one")
    assert known(page) == {"one", "other"}


def test_a_bug_in_one_round_is_logged_and_the_next_goes_on(upload, page, monkeypatch, caplog):
    file = upload()
    with monkeypatch.context() as broken:
        broken.setattr(cleanup, "tidy", lambda samples: 1 / 0)
        assert tidy_round(page, set(), {"key"}) == {"key"}
    assert "ZeroDivisionError" in caplog.text
    assert file.exists()
    tidy_round(page, set(), set())
    assert not file.exists()
