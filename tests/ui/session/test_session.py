"""What a page leaves behind."""

import time
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import pytest

from style_transfer.engine import Styles
from style_transfer.recipe import Recipe
from style_transfer.ui.session.run_inputs import RunInputs


@pytest.fixture
def new_record(session, photo, painting):
    inputs = RunInputs(photo, Styles((painting,)), Path("photo.jpg"), Recipe())
    return lambda: session.records.new(inputs)


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
