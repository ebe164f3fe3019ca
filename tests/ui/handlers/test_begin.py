"""How the run of a record begins: as whose, and after which other one."""

from pathlib import Path

import gradio as gr
import pytest
import torch

from style_transfer.engine import Styles
from style_transfer.recipe import Recipe
from style_transfer.runs import OWN_MACHINE, Limits, MemoryReservations, RunMemory, RunService
from style_transfer.ui.handlers.begin import RunStarter, pending_run
from style_transfer.ui.panels import controls
from style_transfer.ui.session.run_inputs import RunInputs
from tests.runs.fake_executor import FakeExecutor
from tests.ui.handlers.tab import SETTINGS

SIZE = (48, 48)
NAMED = {"settings": controls.to_value(SETTINGS, 1), "more": 3, "interrupted": None}


@pytest.fixture
def service(tmp_path):
    return RunService(
        Limits(pixels=4096), tmp_path / "checkpoints", lambda _: FakeExecutor(allowed=0)
    )


@pytest.fixture
def begin(service, session, painting):
    """A function that begins a run of the page; all of them end with the test."""
    starter, runs = RunStarter(service), []

    def begin(size=SIZE, **named):
        photo = torch.zeros((1, 3, *size))
        inputs = RunInputs(photo, Styles((painting,)), Path("photo.jpg"), Recipe())
        pending = pending_run(NAMED | named, inputs, SETTINGS)
        record = session.records.new(inputs)
        runs.append(starter.run(session, record, pending))
        session.follow(record, runs[-1])
        return runs[-1]

    yield begin
    for run in runs:
        run.stop()
        assert run.join(20)


def test_a_run_has_the_limits_of_the_visitor_of_its_page(session, begin):
    session.visitor = "somebody"
    with pytest.raises(gr.Error, match="at most 4,096 pixels here, not 80 x 80"):
        begin((80, 80))
    session.visitor = OWN_MACHINE
    begin((80, 80))


def test_a_run_waits_for_the_memory_of_the_one_before_on_its_page(
    service, begin, monkeypatch, painting
):
    needed = RunMemory.of(SIZE, [painting.shape[-2:]])
    service.memory = MemoryReservations(lambda: needed.total)
    first = begin()
    end, join = first._execution.stop, first.join
    monkeypatch.setattr(first._execution, "stop", lambda: None)  # its last step takes until then
    monkeypatch.setattr(first, "join", lambda timeout=None: end() or join(timeout))
    first.stop()
    begin()
    assert first.ended


def test_of_a_run_that_is_refused_no_file_stays(session, begin):
    session.visitor = "somebody"
    with pytest.raises(gr.Error, match="at most 4,096 pixels here, not 80 x 80"):
        begin((80, 80))
    with pytest.raises(gr.Error, match="more steps must be a number"):
        begin(more="some")
    assert not list(session.folder.make().iterdir())
    assert not session.records
