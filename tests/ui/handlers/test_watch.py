"""How the page follows a run, without a browser."""

import errno
import os
import threading
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import pytest

from style_transfer.engine import Styles
from style_transfer.recipe import Recipe
from style_transfer.runs import SERVER_ENDS, AdmissionQueue, Job, Run
from style_transfer.settings import Settings
from style_transfer.ui.handlers import watch
from style_transfer.ui.handlers.watch import watch_run
from style_transfer.ui.http.calls import error_on_page
from style_transfer.ui.panels import status
from style_transfer.ui.session.record import RunRecord
from style_transfer.ui.session.run_inputs import RunInputs
from style_transfer.ui.session.session import ABSENCE
from style_transfer.ui.session.timeline import Timeline

SETTINGS = Settings(steps=4, style_layers=["relu1_1"], content_layer="relu2_1")


def until(condition):
    """Wait, in the thread of a run, so that its page keeps up with it."""
    end = time.monotonic() + 20
    while not condition() and time.monotonic() < end:
        time.sleep(0.001)


@pytest.fixture
def start(context, session, photo, painting):
    """A function that starts a run on the page and returns what follows it."""

    def start(settings=SETTINGS, **options):
        def begin():
            inputs = RunInputs(photo, Styles((painting,)), Path("photo.jpg"), Recipe())
            run = context.service.start(Job(photo, inputs.styles, settings), **options)
            return session.records.new(inputs), run

        return watch_run(context, session, begin)

    return start


def test_a_full_disk_stops_the_previews_alone(context, session, start, monkeypatch):
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    add, count = Timeline.add, []

    def add_or_fail(timeline, frame, *source):
        count.append(frame)
        if len(count) > 1:
            raise full
        return add(timeline, frame, *source)

    monkeypatch.setattr(Timeline, "add", add_or_fail)
    for _ in start(on_frame=lambda _: until(lambda: count)):
        pass
    assert session.run.frame.step == 4
    assert "Previews cannot be kept (No space left on device)." in status.value(session)["notices"]
    assert not session.is_busy
    assert not context.service.admission._tickets


def test_a_run_that_ends_while_a_frame_is_stored_has_ended_once_and_with_its_last_frame(
    session, start, monkeypatch
):
    store, end, ends = watch._store, RunRecord.end, []

    def store_until_it_ends(session, record, run, frame):
        store(session, record, run, frame)
        run.join(20)

    def end_noted(record, wakes):
        ends.append(record.last_frame.step)
        end(record, wakes)

    monkeypatch.setattr(watch, "_store", store_until_it_ends)
    monkeypatch.setattr(RunRecord, "end", end_noted)
    *_, shown = start()
    assert ends == [4]
    assert shown["transport"]["enabled"]["start"]


def test_previews_are_not_said_to_be_lost_once_there_is_room_again(session, start, monkeypatch):
    monkeypatch.setattr(watch, "PREVIEW_INTERVAL", 0.0)
    add, count = Timeline.add, []

    def fail_once(timeline, frame, *source):
        count.append(frame)
        if len(count) == 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return add(timeline, frame, *source)

    monkeypatch.setattr(Timeline, "add", fail_once)
    for _ in start(on_frame=lambda run: until(lambda: run.frame.step < len(count))):
        pass
    assert len(count) > 2
    assert "Previews" not in status.value(session)["notices"]


def test_a_second_start_ends_the_first(session, start):
    first = start(Settings(**SETTINGS.as_dict() | {"steps": 5000}))
    next(first)
    run = session.run
    for _ in start():
        pass
    assert run.join(20)
    assert run.outcome.word == "stopped"
    assert session.run.outcome.word == "finished"
    assert len(session.records) == 2
    first.close()


def test_who_waits_sees_how_many_are_before_and_can_leave(context, session, start, monkeypatch):
    queue = AdmissionQueue(places=1, waiting=9, each=9)
    monkeypatch.setattr(context.service, "admission", queue)
    first, _ = queue.join(), queue.join()
    waiting = start()
    next(waiting)
    assert "2 runs are before yours." in status.value(session)["words"]
    queue.leave(first)
    next(waiting)
    assert "1 run is before yours." in status.value(session)["words"]
    session.stop()
    for _ in waiting:
        pass
    assert session.run is None


def test_a_page_whose_run_is_refused_when_its_turn_comes_waits_no_longer(
    context, session, monkeypatch
):
    queue = AdmissionQueue(places=1, waiting=9, each=9)
    monkeypatch.setattr(context.service, "admission", queue)
    first = queue.join()

    def refused():
        raise error_on_page("There is no memory for it.")

    views = watch_run(context, session, refused)
    assert not next(views)["transport"]["enabled"]["start"]
    queue.leave(first)
    shown = next(views)
    assert shown["transport"]["enabled"]["start"]
    assert shown["status"]["words"] == status.WELCOME
    with pytest.raises(gr.Error, match="no memory"):
        next(views)


def test_who_is_away_while_waiting_gives_the_turn_to_others(context, session, start, monkeypatch):
    queue = AdmissionQueue(places=1, waiting=9, each=9)
    monkeypatch.setattr(context.service, "admission", queue)
    first, waiting = queue.join(), start()
    next(waiting)
    session._presence.is_tracked = True
    session._seen_at -= ABSENCE
    leaving = threading.Timer(30, queue.leave, [first])
    leaving.start()
    for _ in waiting:
        pass
    leaving.cancel()
    assert session.run is None
    assert [*queue._tickets] == [first]


@pytest.mark.parametrize(
    ("end", "goes"),
    [(Run.stop, True), (lambda run: run.abandon(SERVER_ENDS), False)],
    ids=["stopped", "server-ends"],
)
def test_what_is_on_disk_goes_with_a_run_that_ended_but_not_with_the_server(
    session, start, end, goes
):
    following, removed = start(replace(SETTINGS, steps=5000)), []
    next(following)
    checkpoint = SimpleNamespace(problem="", remove=lambda: removed.append(True))
    session.latest.checkpoint = checkpoint
    end(session.run)
    for _ in following:
        pass
    assert bool(removed) == goes
    session.latest.checkpoint = None


def test_what_lies_between_previews_is_neither_kept_nor_shown(session, start, monkeypatch):
    monkeypatch.setattr(watch, "PREVIEW_INTERVAL", 0.0)
    steps = set()

    def until_it_is_shown(run):
        until(lambda: run.frame.step % 3 or run.frame.step in steps)

    for _ in start(replace(SETTINGS, steps=16), preview_every=3, on_frame=until_it_is_shown):
        if session.selected.last_frame:
            steps.add(session.selected.last_frame.step)
    kept = [preview.step for preview in session.selected.previews]
    assert steps == set(kept)
    assert kept == [0, 3, 6, 9, 12, 15, 16]


@pytest.mark.parametrize("lively", [60.0, 0.0])
def test_a_browser_on_this_machine_is_sent_every_frame_for_a_while_only(
    session, start, monkeypatch, lively
):
    monkeypatch.setattr(watch, "PREVIEW_INTERVAL", 0.0)
    monkeypatch.setattr(watch, "LOCAL_INTERVAL", 60.0)
    monkeypatch.setattr(watch, "LIVELY", lively)
    session.is_local, steps = True, set()

    def kept():
        return [preview.step for preview in session.latest.previews] if session.latest else []

    def until_it_is_kept(run):
        until(lambda: run.frame.step in (steps if lively else kept()))

    for _ in start(replace(SETTINGS, steps=12), on_frame=until_it_is_kept):
        if session.selected.last_frame:
            steps.add(session.selected.last_frame.step)
    assert kept() == [*range(13)]
    assert max(steps) == 12
    assert steps == {*kept()} if lively else steps <= {0, 12}
