"""Starts that are refused before a run begins."""

from types import SimpleNamespace

import gradio as gr
import pytest

from style_transfer.images import save
from style_transfer.runs import Limits
from style_transfer.ui.handlers import start
from style_transfer.ui.handlers.start import StartHandlers
from style_transfer.ui.http.calls import VISITOR_HEADER
from style_transfer.ui.page import build
from style_transfer.ui.session.sessions import Sessions
from tests.conftest import smooth_picture


@pytest.fixture
def starts(context):
    """Handlers of pages of which a visitor may have one."""
    limits = Limits(visitor_pages=1)
    sessions = Sessions(context.presence, limits)
    return StartHandlers(SimpleNamespace(sessions=sessions, service=context.service))


def request(key):
    return SimpleNamespace(session_hash=key, headers={VISITOR_HEADER: "ann"}, client=None)


def test_why_a_start_was_refused_is_told_by_the_call_after_it(starts):
    values = {gr.HTML(elem_id="interrupted"): {}}
    starts.submit(values, request("one"))
    with pytest.raises(gr.Error) as refused:
        starts.submit(values, request("two"))
    with pytest.raises(gr.Error) as told:
        starts.refuse(request("two"))
    assert told.value.message == refused.value.message
    with pytest.raises(gr.Error, match="did not arrive; please try again"):
        starts.refuse(request("one"))


@pytest.mark.filterwarnings("default")  # Gradio's own are not ours to mend
def test_each_start_that_fails_to_be_submitted_is_followed_by_a_queued_call(service, uploads):
    calls = build(service).blocks.config["dependencies"]
    submits = {each["id"] for each in calls if each["api_name"].startswith("submit")}
    telling = {
        each["trigger_after"]
        for each in calls
        if each["api_name"].startswith("refuse")
        and each["queue"]
        and each["trigger_only_on_failure"]
    }
    assert submits
    assert telling == submits


def test_a_start_that_is_pressed_again_while_its_pictures_are_read_begins_no_other(
    tab, tmp_path, monkeypatch
):
    files = [tmp_path / name for name in ("photo.png", "style.png")]
    for seed, file in enumerate(files):
        save(smooth_picture(seed), file)
    read, begun = start.read_inputs, len(tab.session.records)

    def press():
        tab.submit(*files)
        return list(tab.starts.start(tab.request))

    def read_while_it_is_pressed_again(*given):
        (shown,) = press()
        assert not shown["transport"]["enabled"]["start"]
        return read(*given)

    monkeypatch.setattr(start, "read_inputs", read_while_it_is_pressed_again)
    shown = press()
    assert len(tab.session.records) == begun + 1
    assert shown[-1]["transport"]["enabled"]["start"]


def test_of_two_buttons_that_are_pressed_at_once_each_begins_its_run(tab, tmp_path):
    files = [tmp_path / name for name in ("photo.png", "style.png")]
    for seed, file in enumerate(files):
        save(smooth_picture(seed), file)
    begun = len(tab.session.records)
    for _ in range(2):
        tab.submit(*files)
    for begin in (tab.starts.start, tab.starts.restart):
        assert list(begin(tab.request))
    assert len(tab.session.records) == begun + 2
