"""The runs that a page lists, and what goes with them."""

import time
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import pytest

from style_transfer.engine import Styles
from style_transfer.recipe import Recipe
from style_transfer.ui.session import session as module
from style_transfer.ui.session.run_inputs import RunInputs


@pytest.fixture
def new_record(session, photo, painting):
    inputs = RunInputs(photo, Styles((painting,)), Path("photo.jpg"), Recipe())
    return lambda: session.new_record(inputs)


def test_previews_of_a_run_that_was_refused_go_unless_it_has_painted_before(session, new_record):
    painted, refused = new_record(), new_record()
    session.take_up(painted)
    for each in (painted, refused):
        session.refuse(each)
    assert painted.timeline.folder.exists()
    assert not refused.timeline.folder.exists()


def test_the_oldest_run_gives_its_place_and_its_previews_to_the_newest(
    session, new_record, monkeypatch
):
    monkeypatch.setattr(module, "MAX_RECORDS", 2)
    records = [new_record() for _ in range(3)]
    for record in records:
        session.take_up(record)
    assert session.records == records[1:]
    assert [record.timeline.folder.exists() for record in records] == [False, True, True]
    assert session.dropped == 1
    assert session.is_full


def test_nothing_is_written_for_a_page_that_was_closed(session, new_record):
    session.close()
    with pytest.raises(gr.Error, match="This page was closed"):
        new_record()


def test_a_page_that_is_closed_ends_its_run_and_leaves_what_is_on_disk(session, new_record):
    record, called = new_record(), []
    session.take_up(record)
    stop, join, leave = (partial(called.append, word) for word in ("stop", "join", "leave"))
    record.run = SimpleNamespace(stop=stop, join=join, state=None)
    record.checkpoint = SimpleNamespace(leave=leave)
    session.close()
    until = time.monotonic() + 30  # its files are removed beside
    while "leave" not in called and time.monotonic() < until:
        time.sleep(0.01)
    assert called == ["stop", "join", "leave"]
    assert not record.timeline.folder.exists()


def test_to_follow_the_newest_preview_is_to_follow_the_run(tab):
    session, record = tab.session, tab.session.selected
    session.select(record, record.previews[0])
    assert session.preview is record.previews[0]
    assert session.touched is None
    session.select(record, record.previews[-1])
    assert session.touched is record
