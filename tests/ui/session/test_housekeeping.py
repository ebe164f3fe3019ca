"""What belongs to nobody is removed, and nothing else."""

import asyncio
import os
import threading
import time

import gradio as gr
import pytest
from gradio.routes import App

from style_transfer.ui.http import gradio_internals
from style_transfer.ui.session import housekeeping, sessions
from style_transfer.ui.session.housekeeping import UNCLAIMED, Housekeeping

pytestmark = pytest.mark.integration  # pages, servers and waiting for time-outs


@pytest.fixture
def upload(uploads):
    """A function that makes an upload as Gradio does, and returns its file."""

    def upload(letter="a", age=2 * UNCLAIMED):
        file = uploads / (letter * 64) / "photo.jpg"
        file.parent.mkdir(parents=True)
        file.touch()
        os.utime(file, (time.time() - age,) * 2)
        return file

    return upload


@pytest.fixture
def page():
    """A page that Gradio knows two sessions of, with all that it stores of them."""

    async def served():
        with gr.Blocks() as page:
            gr.Textbox()
        App.create_app(page)
        page.is_running = True
        return page

    page = asyncio.run(served())
    for key in ("one", "other"):
        page.state_holder[key]
        page._queue.pending_messages_per_session[key] = object()
        page._queue.pending_event_ids_session[key] = {"event"}
    return page


@pytest.fixture
def tidy_up(page, context):
    """A function that makes a round of housekeeping."""
    return Housekeeping(page, context).tidy_up


def test_an_upload_that_nobody_made_use_of_goes_after_its_time(upload, context, tidy_up):
    old, young, sample = upload("a"), upload("b", age=10), upload("c")
    context.sessions.shared_uploads = {sample}
    tidy_up()
    assert not old.parent.exists()
    assert young.exists()
    assert sample.exists()


def test_an_upload_goes_with_the_last_page_that_used_it(upload, context, tidy_up):
    file = upload()
    for page in ("one", "other"):
        context.sessions.of(page).uploads.add(file)
    context.sessions.close("one")
    tidy_up()
    assert file.exists()
    context.sessions.close("other")
    assert not file.parent.exists()


def test_a_sample_stays_when_the_page_that_used_it_is_closed(upload, context):
    sample = upload()
    context.sessions.shared_uploads = {sample}
    context.sessions.of("one").uploads.add(sample)
    context.sessions.close("one")
    assert sample.exists()


def test_an_upload_that_was_broken_off_goes(uploads, tidy_up):
    uploads.mkdir()
    broken = uploads / "tmpabc"
    broken.touch()
    os.utime(broken, (0, 0))
    tidy_up()
    assert not broken.exists()


def test_a_caller_without_a_page_is_forgotten_after_a_while(context, monkeypatch, tidy_up):
    context.sessions.of("caller")
    tidy_up()
    assert context.sessions.all()
    monkeypatch.setattr(sessions, "IDLE", -1.0)
    context.presence.is_tracked = True
    tidy_up()
    assert not context.sessions.all()


def test_gradio_forgets_a_session_that_was_nobodys_in_two_rounds(page, context, tidy_up):
    context.presence.is_tracked = True
    context.presence.add("other", 1)
    tidy_up()
    assert gradio_internals.known_sessions(page) == {"one", "other"}
    tidy_up()
    assert gradio_internals.known_sessions(page) == {"other"}


@pytest.mark.integration
def test_gradio_forgets_no_session_of_ours_and_none_with_a_call_under_way(page, context, tidy_up):
    context.presence.is_tracked = True
    context.sessions.of("one")
    event = type("Event", (), {"session_hash": "other"})()
    page._queue.event_ids_to_events["event"] = event
    for _ in range(3):
        tidy_up()
    assert gradio_internals.known_sessions(page) == {"one", "other"}


def test_gradio_forgets_the_names_of_files(page, tidy_up):
    page.upload_file_set.add("photo.jpg")
    tidy_up()
    assert not page.upload_file_set


def test_a_bug_in_one_round_is_logged_and_the_next_goes_on(
    upload, context, monkeypatch, caplog, tidy_up
):
    file = upload()
    with monkeypatch.context() as broken:
        broken.setattr(context.sessions, "sweep", lambda: 1 / 0)
        tidy_up()
    assert "ZeroDivisionError" in caplog.text
    assert file.exists()
    tidy_up()
    assert not file.exists()


def test_rounds_are_made_until_it_is_stopped(page, context, upload, monkeypatch):
    monkeypatch.setattr(housekeeping, "INTERVAL", 0.01)
    work, file = Housekeeping(page, context), upload()
    work.start()
    until = time.monotonic() + 30
    while file.exists() and time.monotonic() < until:
        time.sleep(0.01)
    work.stop()
    assert not file.exists()
    assert "housekeeping" not in [thread.name for thread in threading.enumerate()]
