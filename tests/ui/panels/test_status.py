"""What the status line says of runs that are painted, stopped and looked at."""

from dataclasses import replace

import gradio as gr
import pytest

from style_transfer.runs import Limits, Run, RunService
from style_transfer.ui.handlers.watch import watch_run
from style_transfer.ui.panels import status
from tests.runs.fake_executor import FakeExecution, FakeExecutor


@pytest.fixture
def service(tmp_path):
    return RunService(Limits(), tmp_path / "checkpoints", FakeExecutor)


@pytest.fixture
def begin(tab):
    """A function that begins another run and returns its views, one of its steps under way."""
    service = tab.context.service

    def begin():
        service.executor.allowed = 1
        inputs, job = tab.session.selected.inputs, tab.session.selected.job()
        job = replace(job, settings=replace(job.settings, steps=20))
        views = watch_run(
            tab.context, tab.session, lambda: (tab.session.records.new(inputs), service.start(job))
        )
        while "Painting step 5 of 20" not in next(views)["status"]["state"]:
            pass
        execution().stop = lambda: None
        return views

    def execution():
        return service.executor.executions[-1]

    yield begin
    FakeExecution.stop(execution())


def test_who_stops_a_run_is_told_that_the_step_under_way_is_finished_first(tab, begin):
    views = begin()
    tab.steering.stop(tab.request)
    shown = next(views)
    assert shown["status"]["state"] == "Stopping after the step under way, at step 5 of 20"
    assert shown["status"]["spoken"] == shown["status"]["state"]
    assert "left" not in shown["status"]["words"]
    assert shown["transport"]["enabled"]["stop"]


def test_losses_have_the_names_of_the_knobs_that_weigh_them(tab, begin):
    assert "loss of photo 0.2, of paint 0.2" in next(begin())["status"]["words"]


def test_a_speed_is_told_once_it_is_known(tab, begin, monkeypatch):
    views = begin()
    for speed, told in ((0.0, False), (1.5, True)):
        monkeypatch.setattr(Run, "steps_per_second", speed)
        words = next(views)["status"]["words"]
        assert ("steps/s" in words) is told
        assert "left" in words


def test_a_change_that_no_step_comes_for_is_not_told_to_act(tab, begin):
    views = begin()
    tab.steer(beta=20, steps=20)
    assert "beta 5 to 20: acts from step 6" in status.value(tab.session)["notices"]
    tab.steering.stop(tab.request)
    assert "acts" not in status.value(tab.session)["notices"]
    FakeExecution.stop(tab.context.service.executor.executions[-1])
    *_, shown = views
    assert shown["status"]["state"] == "Stopped at step 5 of 20"
    assert "acts" not in shown["status"]["notices"]


def test_screen_readers_hear_quarters_while_it_paints_and_the_step_otherwise(tab, begin):
    assert status.value(tab.session)["spoken"] == "Resting at step 4 of 4"
    views = begin()
    assert status.value(tab.session)["spoken"] == "Painting, 25 percent"
    tab.steering.pause(tab.request)
    assert status.value(tab.session)["spoken"] == "Paused at step 5 of 20"
    tab.steering.stop(tab.request)
    FakeExecution.stop(tab.context.service.executor.executions[-1])
    *_, shown = views
    assert shown["status"]["spoken"] == "Stopped at step 5 of 20"


def test_the_line_names_the_run_where_another_one_is_on_the_canvas(tab, begin):
    views = begin()
    assert status.value(tab.session)["state"] == "Painting step 5 of 20"
    shown = tab.steering.show_run({gr.HTML(elem_id="runs"): {"chosen": 0}}, tab.request)
    assert shown["status"]["state"] == "Run 2: painting step 5 of 20"
    assert shown["status"]["spoken"] == "Run 2: painting, 25 percent"
    tab.steering.stop(tab.request)
    FakeExecution.stop(tab.context.service.executor.executions[-1])
    *_, shown = views
    assert shown["status"]["state"] == "Run 1: resting at step 4 of 4"
    shown = tab.steering.show_run({gr.HTML(elem_id="runs"): {"chosen": 1}}, tab.request)
    assert shown["status"]["state"] == "Stopped at step 5 of 20"
