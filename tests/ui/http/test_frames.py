"""The newest frames of a run, fetched without a browser."""

import asyncio
import io
import threading
import time

import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.testclient import TestClient

from style_transfer.engine import Stroke, Styles
from style_transfer.recipe import Recipe
from style_transfer.runs import Job, Run
from style_transfer.settings import Settings
from style_transfer.ui.http import frames
from style_transfer.ui.http.calls import VISITOR_HEADER
from style_transfer.ui.http.frames import NUMBER_HEADER, STROKE_HEADER, frame_route
from style_transfer.ui.panels import canvas
from style_transfer.ui.session.record import RunRecord
from style_transfer.ui.session.run_inputs import RunInputs
from style_transfer.ui.session.timeline import Timeline
from tests.runs.fake_executor import FakeExecutor


@pytest.fixture
def executor():
    return FakeExecutor(allowed=1)


@pytest.fixture
def run(photo, painting, executor):
    run = Run(Job(photo, Styles((painting,)), Settings(steps=9)), executor)
    yield run
    run.stop()
    assert run.join(20)


@pytest.fixture
def session(context, run, tmp_path, photo):
    """A session that follows the run."""
    session = context.sessions.of("a page", "me")
    inputs = RunInputs(photo, run.styles, tmp_path / "photo.jpg", Recipe())
    record = RunRecord("Run 1", inputs, Timeline(tmp_path / "previews"))
    record.run = run
    session.latest = session.selected = record
    return session


@pytest.fixture
def client(context, session):
    return TestClient(Starlette(routes=[frame_route(context.sessions.shown_run)]))


def fetch(client, after=0, key="a page", headers=None):
    return client.get(f"/frames/{key}?after={after}", headers=headers)


def wait_for_frame(run, step):
    until = time.monotonic() + 20
    while (run.frame is None or run.frame.step < step) and time.monotonic() < until:
        time.sleep(0.01)
    assert run.frame.step == step


def test_a_frame_is_handed_out_at_once_and_the_next_when_it_is_there(client, run, executor):
    wait_for_frame(run, 0)
    first = fetch(client)
    assert Image.open(io.BytesIO(first.content)).size == run.frame.content.shape[:1:-1]
    number = int(first.headers[NUMBER_HEADER])
    timer = threading.Timer(0.1, executor.executions[0].allow, (1,))
    timer.start()
    second = fetch(client, number)
    assert int(second.headers[NUMBER_HEADER]) > number
    assert run.frame.step == 1
    timer.join()


def test_who_has_the_newest_frame_is_told_so_after_a_while(client, run, monkeypatch):
    monkeypatch.setattr(frames, "WAIT", 0.05)
    wait_for_frame(run, 0)
    number = fetch(client).headers[NUMBER_HEADER]
    answer = fetch(client, number)
    assert answer.status_code == 204
    assert not answer.content
    assert not run._broadcast._listeners


def test_a_frame_is_encoded_once_for_all_and_not_while_nobody_asks(
    client, run, executor, monkeypatch
):
    encoded, to_pil = [], frames.to_pil
    monkeypatch.setattr(frames, "to_pil", lambda image: encoded.append(image) or to_pil(image))
    executor.executions[0].allow(3)
    wait_for_frame(run, 3)
    assert not encoded
    answers = {fetch(client).content for _ in range(3)}
    assert len(answers) == len(encoded) == 1


def test_a_frame_comes_with_the_number_of_its_newest_stroke_and_is_kept_nowhere(client, run):
    wait_for_frame(run, 0)
    first = fetch(client)
    assert first.headers[STROKE_HEADER] == "0"
    assert first.headers["cache-control"] == "no-store"
    assert first.headers["cross-origin-resource-policy"] == "same-origin"
    assert first.headers["content-type"] == "image/jpeg"
    run.touch([Stroke("wipe", ((0.5, 0.5, 1.0),), number=number) for number in (3, 4)])
    second = fetch(client, first.headers[NUMBER_HEADER])  # of the change, or of the strokes
    while second.headers[STROKE_HEADER] == "0":
        second = fetch(client, second.headers[NUMBER_HEADER])
    assert second.headers[STROKE_HEADER] == "4"


def test_frames_go_to_who_knows_the_page_also_after_its_address_has_changed(client, run):
    wait_for_frame(run, 0)
    assert fetch(client, key="another page").status_code == 404
    for visitor in ("me", "the same on another network"):
        assert fetch(client, headers={VISITOR_HEADER: visitor}).status_code == 200


@pytest.mark.parametrize("after", ["-1", "x", "1.5", "9" * 20])
def test_a_number_that_is_none_is_refused(client, after):
    assert fetch(client, after).status_code == 400


def test_a_run_that_is_paused_or_walked_back_hands_out_no_frames(client, session, run):
    wait_for_frame(run, 0)
    run.pause()
    assert fetch(client).status_code == 204
    run.resume()
    session._pinned = object()
    assert fetch(client).status_code == 204


def test_a_page_is_told_of_frames_where_a_run_is_fast_and_elsewhere(session, run, monkeypatch):
    speed = property(lambda _: 40.0)
    assert not canvas.value(session)["frames"]  # its speed is not known yet
    monkeypatch.setattr(Run, "steps_per_second", speed)
    assert canvas.value(session)["frames"] == "frames/a page?run=Run+1"
    session.selected.name = "Run 2 from step 3 of Run 1"
    assert canvas.value(session)["frames"] == "frames/a page?run=Run+2"
    run.preview_every = 20
    assert not canvas.value(session)["frames"]
    run.preview_every = 1
    session.is_sparing = True
    assert not canvas.value(session)["frames"]


def test_requests_that_wait_hold_no_thread(context, session, run, monkeypatch):
    monkeypatch.setattr(frames, "WAIT", 0.3)
    wait_for_frame(run, 0)
    number = run.newest()[0]

    async def ask():
        waiting = [frames._newest_after(run, number) for _ in range(100)]
        before = threading.active_count()
        gathered = asyncio.ensure_future(asyncio.gather(*waiting))
        await asyncio.sleep(0.1)
        assert threading.active_count() == before
        return await gathered

    assert all(frame is None for _, frame in asyncio.run(ask()))
