"""What of a run is kept on disk, and fetched from there, without a disk."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from style_transfer.engine import Frame, State, Stroke, Styles
from style_transfer.recipe import Recipe
from style_transfer.settings import Settings
from style_transfer.ui.session.kept_record import KeptRecord
from style_transfer.ui.session.rest import Rest
from style_transfer.ui.session.run_inputs import RunInputs

SETTINGS = Settings(steps=9)
LOSSES = [(step, {"total": 1 / step}) for step in range(1, 6)]


class Checkpoint:
    """A checkpoint that is due, with this state on disk."""

    def __init__(self, state=None):
        self.state, self.written = state, []

    def is_due(self):
        return True

    def read_state(self):
        return self.state

    def write(self, *values, rests):
        self.written.append((*values, rests))


@pytest.fixture
def state(photo):
    """A state with the optimiser's memory, and a stroke that has a number."""
    stroke = Stroke("wipe", ((0.5, 0.5, 1.0),), number=7, step=5)
    return State(5, 0, photo, (torch.ones(3),), strokes=(stroke,))


@pytest.fixture
def record(photo, painting):
    """A record of which two steps were made by another process."""
    inputs = RunInputs(photo, Styles((painting,)), Path("photo.jpg"), Recipe())
    return KeptRecord(inputs, LOSSES[:2])


@pytest.fixture
def run(state, photo):
    """A run that has made the steps after them."""
    frame = Frame(5, photo, {}, SETTINGS, state.without_memory(), photo, True)
    facts = {"losses": LOSSES[2:], "planned": SETTINGS, "preview_every": 3}
    return SimpleNamespace(state=state, frame=frame, **facts)


@pytest.fixture(params=["its run", "another process"])
def at_rest(request, record, run, state):
    """The record at rest, with the state of its run or of one that it was brought back from."""
    record.rest = Rest(SETTINGS, wakes=True)
    if request.param == "its run":
        record.run = run
    else:
        record._kept = state
    return record


def test_what_was_put_away_is_fetched_with_the_numbers_of_its_strokes(at_rest, state):
    at_rest.put_away()
    assert at_rest.resting_bytes == 0
    unnumbered = tuple(replace(each, number=0) for each in state.strokes)
    at_rest.checkpoint = Checkpoint(replace(state, strokes=unnumbered))
    at_rest.fetch()
    assert at_rest.state.memory == state.memory
    assert at_rest.state.strokes == state.strokes
    assert at_rest.resting_bytes == state.memory_bytes > 0


@pytest.mark.parametrize("step", [4, 6, None])
def test_a_state_of_another_step_is_not_fetched(at_rest, state, step):
    at_rest.put_away()
    at_rest.checkpoint = Checkpoint(step and replace(state, step=step))
    at_rest.fetch()
    assert at_rest.state.step == 5
    assert not at_rest.state.memory


def test_nothing_is_read_where_nothing_was_put_away(at_rest, state, monkeypatch):
    at_rest.checkpoint = Checkpoint()
    monkeypatch.setattr(at_rest.checkpoint, "read_state", None)
    at_rest.fetch()
    at_rest.rest = Rest(SETTINGS, wakes=False)  # it was stopped
    at_rest.put_away()
    assert at_rest.state is state


def test_what_is_kept_has_the_losses_of_all_steps_and_what_was_changed(record, run, state):
    record.run, record.checkpoint = run, Checkpoint()
    record.write_checkpoint(run)
    ((kept, losses, recipe, rests),) = record.checkpoint.written
    assert kept is state
    assert losses == record.losses == LOSSES
    assert (recipe.settings, recipe.preview_every) == (SETTINGS, 3)
    assert not rests
    assert record.checkpoint.pictures is record.inputs.tensors
    record.write_checkpoint(run, with_memory=False)
    assert not record.checkpoint.written[-1][0].memory


def test_a_run_that_its_record_does_not_follow_yet_is_not_kept_as_if_it_rested(at_rest, run):
    at_rest.checkpoint = Checkpoint()
    woken = SimpleNamespace(**vars(run) | {"losses": [(6, {"total": 0.1})]})
    at_rest.write_checkpoint(woken)  # the first step can come before
    assert not at_rest.checkpoint.written
