"""A picture at rest, and the changes that wake it, without a browser."""

import threading
from contextlib import closing
from dataclasses import replace

import gradio as gr
import pytest

from style_transfer.engine import Styles
from style_transfer.runs import THREAD_NAME, AdmissionQueue, Limits, RunService
from style_transfer.ui.handlers.recover import RecoverHandlers
from style_transfer.ui.panels import controls, status, transport
from tests.runs.fake_executor import FakeExecutor
from tests.runs.test_thread_executor import wait_for
from tests.ui.handlers.tab import SETTINGS, TOKEN, Tab


@pytest.fixture
def service(tmp_path):
    return RunService(Limits(), tmp_path / "checkpoints", FakeExecutor)


def threads():
    return [thread for thread in threading.enumerate() if thread.name == THREAD_NAME]


def test_a_run_whose_steps_are_made_rests_without_thread_place_or_memory_reserved(tab):
    service, session = tab.context.service, tab.session
    assert tab.state == "Resting at step 4 of 4"
    assert session.run.join(20)
    wait_for(lambda: not threads())  # those of tests before end soon
    assert session.place is None
    assert service.admission.waiting == service.under_way == 0
    assert service.checkpoints.find(TOKEN) is None  # while its page has it


def test_a_moved_knob_wakes_it_for_some_steps_and_it_rests_again(tab):
    record = tab.session.selected
    assert tab.steer(beta=20)
    tab.wake()
    assert tab.state == "Resting at step 7 of 7"
    assert [number for number, _ in record.losses] == [1, 2, 3, 4, 5, 6, 7]
    (change,) = record.changes
    assert (change.step, change.description) == (5, "beta 5 to 20")
    assert "beta 5 to 20: acts from step 5" in status.value(tab.session)["notices"]
    assert [preview.step for preview in record.previews] == sorted(
        preview.step for preview in record.previews
    )
    assert tab.session.records == [record]
    tab.steer(beta=5)
    assert tab.wake().state == "Resting at step 10 of 10"
    assert len(record.changes) == 2


def test_what_is_seen_without_a_step_and_fewer_steps_wake_nothing(tab):
    assert not tab.steer(keep_colors=0.5)
    assert tab.session.preview.settings.keep_colors == 0.5
    assert not tab.steer(steps=2)
    assert tab.wake().state == "Resting at step 4 of 4"
    assert tab.steer(steps=6)
    assert tab.wake().state == "Resting at step 6 of 6"


def test_how_many_steps_a_change_is_followed_by_can_be_set(tab):
    assert tab.steer(more=1, beta=6)
    assert tab.wake().state == "Resting at step 5 of 5"


@pytest.mark.parametrize("more", [-3, 0, None, 0.4])
def test_a_senseless_number_of_steps_to_continue_for_keeps_no_knob_from_acting(tab, more):
    assert tab.steer(more=more, beta=6)
    assert tab.wake().state == "Resting at step 5 of 5"


def continue_for(tab, more):
    values = {"settings": controls.to_value(tab.knobs), "more": more}
    values = {gr.HTML(elem_id=elem_id): value for elem_id, value in values.items()}
    return tab.steering.add_steps(values, tab.request)["steps"]


@pytest.mark.parametrize("more", [-3, 0, None, 1.5, 100_000])
def test_it_is_refused_where_one_continues(tab, more):
    with pytest.raises(gr.Error, match=r"^'steps to continue for must be .*(, not |is empty)"):
        continue_for(tab, more)


def test_a_run_is_continued_up_to_as_many_steps_as_runs_may_have_here(tab):
    assert continue_for(tab, 4996) == 5000
    with pytest.raises(gr.Error, match="at most 5,000 steps here, not 5,001"):
        continue_for(tab, 4997)


def test_other_styles_wake_it(tab, photo):
    record = tab.session.selected
    other = replace(record.inputs, styles=Styles((photo.flip(-1),)))
    record.change_inputs(other, tab.context.service.check)
    assert transport.value(tab.session)["wake"]
    tab.wake()
    assert tab.state == "Resting at step 7 of 7"
    assert tab.session.selected.changes[-1].description == "another style picture"


def test_a_stopped_picture_is_not_woken_and_starts_no_offer(tab):
    tab.steering.stop(tab.request)
    assert tab.state == "Stopped at step 4 of 4"
    assert not tab.steer(beta=20)
    tab.context.sessions.close("one")
    assert tab.context.service.checkpoints.find(TOKEN) is None


def test_a_change_that_comes_with_the_last_step_is_not_lost(tab):
    record = tab.session.selected
    record.rest = None  # the run has ended, and its page has not noted it yet
    tab.steer(beta=20)
    record.end(wakes=True)
    assert transport.value(tab.session)["wake"]
    tab.wake()
    assert tab.state == "Resting at step 7 of 7"
    assert [(each.step, each.description) for each in record.changes] == [(5, "beta 5 to 20")]


def test_who_wakes_a_picture_may_wait_and_give_up_the_turn(tab):
    queue = tab.context.service.admission = AdmissionQueue(places=1, waiting=9, each=9)
    other = queue.join()
    tab.steer(beta=20)
    with closing(tab.starts.wake(tab.request)) as views:
        next(views)
        assert tab.state == "Waiting for a turn at step 4 of 4"
        assert "1 run is before yours" in status.value(tab.session)["words"]
        tab.steer(beta=30)  # while it waits
        queue.leave(other)
        for _ in views:
            pass
    assert tab.session.run.settings.beta == 30
    other = queue.join()
    tab.steer(beta=40)
    with closing(tab.starts.wake(tab.request)) as views:
        next(views)
        tab.steering.stop(tab.request)
        for _ in views:
            pass
    assert tab.state == "Resting at step 7 of 7"
    assert not transport.value(tab.session)["wake"]
    queue.leave(other)
    assert tab.steer(beta=41)


def test_a_waking_that_is_refused_leaves_the_picture_as_it_is(tab, monkeypatch):
    def refuse(*_, **__):
        raise ValueError("No memory.")

    tab.steer(beta=20)
    with monkeypatch.context() as patch:
        patch.setattr(tab.context.service, "start", refuse)
        with pytest.raises(gr.Error, match="No memory"):
            tab.wake()
    assert tab.state == "Resting at step 4 of 4"
    assert "No memory." in status.value(tab.session)["notices"]
    assert not transport.value(tab.session)["wake"]
    assert tab.steer(beta=21)
    assert tab.wake().state == "Resting at step 7 of 7"


def test_a_picture_at_rest_is_there_again_in_another_tab_of_the_browser(tab, photo, painting):
    tab.context.sessions.close("one")
    tab.session._remove_files()
    checkpoints = tab.context.service.checkpoints
    again = Tab(tab.context, photo, painting, "two")
    recovery = RecoverHandlers(tab.context)
    offered = recovery.find_interrupted({gr.HTML(elem_id="interrupted"): {"token": TOKEN}})
    assert offered["label"] == "Bring back the picture that rests at step 4"
    again.session.start_values = {
        "settings": controls.to_value(SETTINGS, 1),
        "interrupted": {"token": TOKEN},
        "more": 3,
    }
    for _ in recovery.recover(again.request):
        pass
    assert again.state == "Resting at step 4 of 4"
    wait_for(lambda: not threads())  # those of tests before end soon
    assert [number for number, _ in again.session.selected.losses] == [1, 2, 3, 4]
    assert checkpoints.find(TOKEN) is None
    assert again.steer(beta=9)
    assert again.wake().state == "Resting at step 7 of 7"
    assert [number for number, _ in again.session.selected.losses] == [1, 2, 3, 4, 5, 6, 7]
