"""How the page follows a run, without a browser."""

import errno
import os
from dataclasses import replace
from pathlib import Path

import pytest

from style_transfer.engine import Styles
from style_transfer.recipe import Recipe
from style_transfer.runs import AdmissionQueue, Job
from style_transfer.settings import Settings
from style_transfer.ui.handlers import watch
from style_transfer.ui.handlers.watch import paint
from style_transfer.ui.http.presence import PAGES
from style_transfer.ui.panels.status import status
from style_transfer.ui.service import SERVICE
from style_transfer.ui.session.record import Source
from style_transfer.ui.session.session import Session
from style_transfer.ui.session.timeline import Timeline

SETTINGS = Settings(steps=4, style_layers=["relu1_1"], content_layer="relu2_1")


@pytest.fixture
def session(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    monkeypatch.setattr(PAGES, "is_tracked", False)
    session = Session("a page")
    yield session
    session.close()


@pytest.fixture
def painted(session, photo, painting):
    """A function that begins a run on the page and returns what follows it."""

    def painted(settings=SETTINGS, **options):
        def begin():
            source = Source(photo, Styles((painting,)), Path("photo.jpg"), Recipe())
            run = SERVICE.start(Job(photo, source.styles, settings), **options)
            return session.new_record(source), run

        return paint(session, begin)

    return painted


def test_a_full_disk_stops_the_previews_alone(session, painted, monkeypatch):
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    add, count = Timeline.add, []

    def add_or_fail(timeline, frame):
        count.append(frame)
        if len(count) > 1:
            raise full
        return add(timeline, frame)

    monkeypatch.setattr(Timeline, "add", add_or_fail)
    for _ in painted():
        pass
    assert session.run.frame.step == 4
    assert "Previews cannot be kept (No space left on device)." in status(session)["news"]
    assert not session.going
    assert session.ticket not in SERVICE.admission._tickets


def test_a_second_start_ends_the_first(session, painted):
    first = painted(Settings(**SETTINGS.as_dict() | {"steps": 5000}))
    next(first)
    run = session.run
    for _ in painted():
        pass
    assert run.outcome.word == "stopped"
    assert session.run.outcome.word == "finished"
    assert len(session.records) == 2
    first.close()


def test_who_waits_sees_how_many_are_before_and_can_leave(session, painted, monkeypatch):
    queue = AdmissionQueue(places=1, waiting=9)
    monkeypatch.setattr(SERVICE, "admission", queue)
    first, _ = queue.join(), queue.join()
    waiting = painted()
    next(waiting)
    assert "2 runs are before yours." in status(session)["words"]
    queue.leave(first)
    next(waiting)
    assert "1 run is before yours." in status(session)["words"]
    session.stop()
    for _ in waiting:
        pass
    assert session.run is None


def test_what_lies_between_previews_is_neither_kept_nor_shown(session, painted, monkeypatch):
    monkeypatch.setattr(watch, "PACE", 0.0)
    steps = set()
    for _ in painted(replace(SETTINGS, steps=16), preview_every=3):
        if session.shown.last:
            steps.add(session.shown.last.step)
    kept = [moment.step for moment in session.shown.moments]
    assert steps == set(kept)
    assert len(kept) > 2
    assert kept[-1] == 16
    assert all(step % 3 == 0 for step in kept[:-1])


@pytest.mark.parametrize("lively", [60.0, 0.0])
def test_a_browser_on_this_machine_is_sent_every_frame_for_a_while_only(
    session, painted, monkeypatch, lively
):
    monkeypatch.setattr(watch, "PACE", 0.0)
    monkeypatch.setattr(watch, "PACE_HERE", 60.0)
    monkeypatch.setattr(watch, "LIVELY", lively)
    session.here, steps = True, set()
    for _ in painted(replace(SETTINGS, steps=12)):
        if session.shown.last:
            steps.add(session.shown.last.step)
    kept = len(session.shown.moments)
    assert max(steps) == 12
    assert kept > 3
    assert len(steps) == kept if lively else len(steps) <= 2  # the first and the last
