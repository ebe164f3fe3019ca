"""Knobs that a run cannot have, beside others, and the link with what it has."""

from contextlib import closing
from dataclasses import replace
from types import SimpleNamespace

import gradio as gr
import pytest

from style_transfer.links import to_query
from style_transfer.runs import AdmissionQueue, Limits, RunService
from style_transfer.settings import Settings
from style_transfer.ui.handlers.estimate import EstimateHandler
from style_transfer.ui.panels import controls, status
from style_transfer.ui.session.record import RunRecord
from tests.runs.fake_executor import FakeExecutor
from tests.ui.handlers.tab import SETTINGS

REFUSED = [
    ({"steps": 99_999}, "at most 5,000 steps here, not 99,999."),
    ({"steps": 2.5}, "Steps must be a whole number from 1 to 100,000, not 2.5."),
    ({"style_weights": [0, 0, 0, 0]}, "At least one style needs a weight above 0."),
    ({"large_forms": 2}, "Large forms must be from 0 to 0.9, not 2."),
    ({"preview_every": 99}, "Preview must be a whole number from 1 to 20, not 99."),
]


@pytest.fixture
def service(tmp_path):
    return RunService(Limits(), tmp_path / "checkpoints", FakeExecutor)


def moved(settings=SETTINGS, **knobs):
    return {
        gr.HTML(elem_id="settings"): controls.to_value(settings) | knobs,
        gr.HTML(elem_id="more"): 3,
    }


@pytest.mark.parametrize(("refused", "words"), REFUSED, ids=lambda each: str(each)[:24])
def test_a_refused_knob_keeps_its_value_and_the_others_act(tab, refused, words):
    shown = tab.steering.steer(moved(beta=9, alpha=2, **refused), tab.request)
    assert shown["transport"]["wake"]
    assert tab.wake().state == "Resting at step 7 of 7"
    assert words in status.value(tab.session)["notices"]
    settings = tab.session.latest.settings
    assert settings == replace(SETTINGS, beta=9, alpha=2)
    tab.steering.steer(moved(beta=9, alpha=2, **refused), tab.request)
    assert words in status.value(tab.session)["notices"]
    tab.steering.steer(moved(beta=9, alpha=2), tab.request)
    assert words not in status.value(tab.session)["notices"]


def test_to_stop_a_picture_at_rest_is_seen_at_once_and_no_knob_wakes_it(tab):
    assert "transport" in tab.steering.stop(tab.request)
    assert not tab.steer(beta=9)


def test_a_knob_that_the_run_alone_can_refuse_keeps_no_other_from_acting(tab, monkeypatch):
    steer = RunRecord.steer

    def without_memory(record, settings):
        if settings.style_scale == 4:
            raise ValueError("There is no memory for that.")
        steer(record, settings)

    monkeypatch.setattr(RunRecord, "steer", without_memory)
    tab.steering.steer(moved(style_scale=4, beta=9), tab.request)
    assert (tab.session.latest.settings.style_scale, tab.session.latest.settings.beta) == (1, 9)
    assert "There is no memory for that." in status.value(tab.session)["notices"]


def test_what_is_no_value_of_the_knobs_is_refused_in_a_sentence(tab):
    tab.steering.steer({gr.HTML(elem_id="settings"): [1], gr.HTML(elem_id="more"): 3}, tab.request)
    assert "The knobs are alpha, " in status.value(tab.session)["notices"]


@pytest.mark.parametrize(("refused", "words"), REFUSED, ids=lambda each: str(each)[:24])
def test_the_link_has_the_settings_of_the_run(tab, refused, words):
    link = EstimateHandler(tab.context).link
    assert link(moved(beta=9), tab.request).startswith("beta=9&")
    tab.steering.steer(moved(beta=9, **refused), tab.request)
    assert link(moved(beta=9, **refused), tab.request) == to_query(tab.session.latest.settings)
    other = SimpleNamespace(session_hash="no run", headers={})
    assert link(moved(Settings(beta=9), **refused), other) == to_query(Settings(beta=9))


def test_a_refused_number_of_steps_does_not_become_that_of_a_run_that_just_ended(tab):
    tab.steering.steer(moved(beta=9), tab.request)
    tab.wake()
    record = tab.session.latest
    record.rest = None  # it has ended, at step 7, and its page has not noted it yet
    tab.steering.steer(moved(beta=10, steps=99_999), tab.request)
    assert record.settings == replace(SETTINGS, beta=10)


@pytest.fixture
def waking(tab):
    """A tab with a run that has one of the places, of which there is one, and makes no step."""
    tab.context.service.executor.allowed = 0
    tab.context.service.admission = AdmissionQueue(places=1, waiting=9, each=9)
    tab.steer(beta=9)
    with closing(tab.starts.wake(tab.request)) as views:
        next(views)
        yield tab
    assert tab.session.run.join(20)


def test_a_paused_run_leaves_its_place_to_others_until_it_is_resumed(waking):
    queue, run = waking.context.service.admission, waking.session.run
    second, third = queue.join(), queue.join()
    assert [queue.ahead(each) for each in (second, third)] == [1, 2]
    waking.steering.pause(waking.request)
    assert run.paused
    assert [queue.ahead(each) for each in (second, third)] == [0, 1]
    waking.steering.pause(waking.request)
    assert not run.paused
    assert [queue.ahead(each) for each in (second, third)] == [0, 2]


def test_who_presses_pause_while_a_run_makes_its_last_step_keeps_the_place_of_the_next(
    waking, monkeypatch
):
    queue, run = waking.context.service.admission, waking.session.run
    with monkeypatch.context() as patch:
        patch.setattr(run._execution, "stop", lambda: None)  # its last step is under way
        run.stop()
        waking.steering.pause(waking.request)
        assert not run.paused
        assert queue.ahead(queue.join()) == 1


def walk(tab, at, run="Run 1", last=4, walks=1):
    """Move the slider of the timeline, which ends at `last`; return the step that is shown."""
    moved = {"run": run, "at": at, "last": last, "walks": walks}
    shown = tab.steering.show_preview({gr.HTML(elem_id="timeline"): moved}, tab.request)
    assert shown["timeline"]["walks"] == tab.session.walks
    return tab.session.preview.step


def test_a_move_of_the_slider_that_is_overtaken_by_a_later_one_shows_nothing(tab):
    tab.steer(beta=9)
    tab.wake()  # or there may be one preview alone
    steps = [preview.step for preview in tab.session.selected.previews]
    last = len(steps) - 1
    assert walk(tab, 1, last=last, walks=2) == steps[1] != steps[0]
    assert walk(tab, 0, last=last, walks=1) == steps[1]
    assert walk(tab, 0, last=last, walks=3) == steps[0]


def test_a_move_of_the_slider_through_one_run_does_not_walk_through_another(tab):
    tab.paint().steer(beta=9)
    tab.wake()
    newest = tab.session.selected.previews[-1].step
    assert walk(tab, 0, "Run 1") == newest
    assert walk(tab, 0, "Run 2", walks=2) == tab.session.selected.previews[0].step != newest


def test_a_slider_at_its_end_follows_the_newest_though_more_pictures_have_come(tab):
    tab.steer(beta=9)
    previews = tab.wake().session.selected.previews
    walk(tab, 0, last=1)
    assert walk(tab, 1, last=1, walks=2) == previews[-1].step
    assert tab.session.touched is tab.session.selected


def test_knobs_of_before_that_come_late_move_nothing_back(tab):
    tab.steering.steer(moved(beta=9, moves=2), tab.request)
    tab.steering.steer(moved(beta=8, moves=1), tab.request)
    assert tab.session.selected.settings.beta == 9
    tab.steering.steer(moved(beta=7), tab.request)  # of a file, which brings all back
    assert tab.session.selected.settings.beta == 7
