"""A run as the page holds it, while it goes on and after it."""

from dataclasses import replace
from pathlib import Path

import pytest

from style_transfer.engine import Styles
from style_transfer.recipe import Recipe
from style_transfer.runs import Job
from style_transfer.settings import Settings
from style_transfer.ui.session.record import RunInputs, RunRecord
from style_transfer.ui.session.timeline import Timeline

SETTINGS = Settings(steps=3, style_layers=["relu1_1"], content_layer="relu2_1")


@pytest.fixture
def run(service, photo, painting):
    """A run that has made its steps, whose last frame has the optimiser's memory."""
    run = service.start(Job(photo, Styles((painting,)), SETTINGS))
    for _ in run.frames():
        pass
    assert run.state.memory
    return run


@pytest.fixture
def record(tmp_path, run, photo, painting):
    inputs = RunInputs(photo, Styles((painting,)), Path("photo.jpg"), Recipe())
    record = RunRecord("Run 1", inputs, Timeline(tmp_path / "previews"))
    record.follow(run)
    return record


def test_a_record_can_continue_its_own_run_with_the_optimisers_memory(record, run):
    record.add_frame(run.frame)
    assert record.state is run.state


def test_a_detached_record_holds_no_optimiser_memory(record, run):
    record.add_frame(run.frame)
    record.detach()
    assert not record.state.memory
    assert record.state.good is None


@pytest.mark.parametrize("earlier", [0, 1])
def test_a_frame_that_arrives_after_its_record_was_detached_brings_no_memory(record, run, earlier):
    for _ in range(earlier):
        record.add_frame(replace(run.frame, step=2))
    record.detach()
    record.add_frame(run.frame)
    assert record.last_frame.step == 3
    assert not record.state.memory
    assert record.state.good is None
    assert record.previews[-1].step == 3
