"""Continuing a run that was cut off, from its checkpoint."""

import errno
import gc
import os
import weakref
from contextlib import closing
from dataclasses import replace
from types import SimpleNamespace

import gradio as gr
import pytest

from style_transfer.engine import State, Styles
from style_transfer.recipe import Recipe
from style_transfer.runs import (
    AdmissionQueue,
    Checkpoint,
    CheckpointWriter,
    Limits,
    MemoryReservations,
    RunService,
    checkpoint_files,
)
from style_transfer.runs.checkpoint_files import RUN_FILE, STATE_FILE
from style_transfer.settings import Settings
from style_transfer.ui.handlers.recover import RecoverHandlers
from style_transfer.ui.handlers.start import StartHandlers
from style_transfer.ui.panels import controls
from style_transfer.ui.panels.layout import view
from style_transfer.ui.session.timeline import Timeline
from tests.runs.fake_executor import FakeExecutor

TOKEN = "a" * 64
SETTINGS = Settings(steps=9, style_layers=["relu1_1"], content_layer="relu2_1")
LOSSES = [(n, {"total": 2.0, "content": 1.0, "style": 1.0, "relu1_1": 1.0}) for n in (1, 2, 3)]


@pytest.fixture
def service(tmp_path, photo, painting):
    """A service with a checkpoint of step 3, and steps that cost nothing."""
    service = RunService(Limits(), tmp_path / "checkpoints", FakeExecutor)
    styles, state = Styles((painting,)), State(step=3, stage=0, image=photo)
    writer = service.checkpoints.create(TOKEN, {"content": photo} | styles.as_tensors())
    writer.write(state, LOSSES, Recipe(settings=SETTINGS, step=3))
    writer.release()
    return service


@pytest.fixture
def recover(context):
    """A function that presses Continue in a tab and returns the views of its page."""

    def recover(tab="one"):
        session = context.sessions.of(tab)
        values = controls.to_value(Settings(), 1)
        session.start_values = {"settings": values, "interrupted": {"token": TOKEN}}
        return RecoverHandlers(context).recover(SimpleNamespace(session_hash=tab, headers={}))

    yield recover
    for session in context.sessions.all():
        session.close()


def steps(context, tab="one"):
    return [number for number, _ in context.sessions.of(tab).run.losses]


def test_a_run_goes_on_after_the_step_that_it_had_reached(context, recover):
    for _ in recover():
        pass
    assert steps(context) == [4, 5, 6, 7, 8, 9]
    assert context.service.checkpoints.find(TOKEN) is None  # while its page has it


def test_a_run_that_was_refused_for_lack_of_memory_can_be_continued_later(context, recover):
    context.service.memory = MemoryReservations(lambda: 1000)
    with pytest.raises(gr.Error, match="are free; choose a smaller size"):
        next(recover())
    session = context.sessions.of("one")
    assert view(session)["runs"]["list"] == []
    assert session.selected is None
    context.service.memory = MemoryReservations(lambda: None)
    for _ in recover():
        pass
    assert steps(context)[0] == 4


def test_a_branch_that_was_refused_leaves_the_page_as_it_was(context, recover):
    for _ in recover():
        pass
    session = context.sessions.of("one")
    record, preview, before = session.selected, session.selected.previews[0], view(session)
    session.select(record, preview)
    files = set(session.folder.make().rglob("*"))
    context.service.memory = MemoryReservations(lambda: 1000)
    session.start_values = {"settings": controls.to_value(Settings(), 1), "interrupted": {}}
    with pytest.raises(gr.Error, match="are free; choose a smaller size"):
        next(StartHandlers(context).branch(SimpleNamespace(session_hash="one", headers={})))
    assert view(session)["runs"] == before["runs"]
    assert (session.selected, session.preview) == (record, preview)
    assert set(session.folder.make().rglob("*")) == files
    assert record.rests  # it can still be woken
    assert record.checkpoint.problem == ""


def test_a_run_that_was_refused_for_a_full_queue_can_be_continued_later(context, recover):
    queue = context.service.admission = AdmissionQueue(places=1, waiting=0, each=9)
    ticket = queue.join()
    with pytest.raises(gr.Error, match="please try again in some minutes"):
        next(recover())
    queue.leave(ticket)
    for _ in recover():
        pass
    assert steps(context)[0] == 4


def test_a_run_that_was_left_in_the_queue_can_be_continued_later(context, recover):
    queue = context.service.admission = AdmissionQueue(places=1, waiting=5, each=9)
    ticket = queue.join()
    with closing(recover()) as views:
        next(views)
        assert context.service.checkpoints.find(TOKEN) is None
    assert context.service.checkpoints.find(TOKEN) is not None
    queue.leave(ticket)
    for _ in recover():
        pass
    assert steps(context)[0] == 4


def write_again(context, folder, change):
    """Let the newest run be that of step 6, with its files changed."""
    checkpoint = Checkpoint.load(folder)
    writer = context.service.checkpoints.create(TOKEN, checkpoint.pictures)
    writer.write(replace(checkpoint.state, step=6), LOSSES, checkpoint.recipe)
    change(writer.folder)
    writer.release()
    return writer.folder


def cut(folder):
    (folder / STATE_FILE).write_bytes((folder / STATE_FILE).read_bytes()[:-9])


def spoil(folder):
    (folder / RUN_FILE).write_text("{")


def make_newer(folder):
    text = (folder / RUN_FILE).read_text()
    (folder / RUN_FILE).write_text(text.replace("recipe-", "recipe-9"))


@pytest.mark.parametrize("change", [cut, spoil, make_newer])
def test_a_run_that_cannot_be_read_hides_no_other_and_stays(context, recover, change):
    folder = context.service.checkpoints.find(TOKEN)
    newer = write_again(context, folder, change)
    handlers, values = RecoverHandlers(context), {gr.HTML(elem_id="interrupted"): {"token": TOKEN}}
    assert handlers.find_interrupted(values)["step"] == 3
    for _ in recover():
        pass
    assert steps(context)[0] == 4
    assert newer.exists()


def test_a_run_that_turns_out_to_be_damaged_makes_room_for_the_one_before(context, recover):
    def spoil_image(folder):
        state = State.load(folder / STATE_FILE)
        replace(state, image=state.image * float("nan")).save(folder / STATE_FILE)

    folder = context.service.checkpoints.find(TOKEN)
    newer = write_again(context, folder, spoil_image)
    handlers, values = RecoverHandlers(context), {gr.HTML(elem_id="interrupted"): {"token": TOKEN}}
    request = SimpleNamespace(session_hash="one", headers={})
    assert handlers.find_interrupted(values)["step"] == 6
    with pytest.raises(gr.Error, match="cannot be read any more"):
        handlers.interrupted_inputs(values, request)
    assert not newer.exists()
    assert handlers.find_interrupted(values)["step"] == 3
    for _ in recover():
        pass
    assert steps(context)[0] == 4


def test_a_run_that_the_system_refuses_to_read_is_offered_again(context, recover, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint_files, "load_file", refuse)
        with pytest.raises(gr.Error, match="cannot be read any more"):
            next(recover())
    for _ in recover():
        pass
    assert steps(context)[0] == 4


def test_a_picture_at_rest_for_which_the_disk_has_no_room_is_offered_again(
    context, recover, monkeypatch
):
    writer = context.service.checkpoints.claim(TOKEN)
    checkpoint = writer.load()
    writer.write(checkpoint.state, LOSSES, checkpoint.recipe, rests=True)
    writer.release()

    def refuse(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(Timeline, "add", refuse)
        with pytest.raises(OSError, match="No space left"):
            next(recover())
    session = context.sessions.of("one")
    assert not (session.folder.make() / "1").exists()  # of its previews
    assert context.service.checkpoints.find(TOKEN) == writer.folder
    (shown,) = recover()
    assert shown["status"]["state"] == "Resting at step 3 of 9"


def test_of_two_tabs_one_continues_a_run_and_the_other_takes_nothing_from_it(context, recover):
    with closing(recover("one")) as views:
        next(views)
        with pytest.raises(gr.Error, match="There is no interrupted run any more"):
            next(recover("two"))
        context.sessions.close("two")
        for _ in views:
            pass
    assert steps(context)[-1] == 9


@pytest.mark.usefixtures("no_garbage")
def test_the_state_that_a_run_continues_from_is_not_held_by_its_page(context, recover, monkeypatch):
    loaded = []
    load = CheckpointWriter.load

    def load_noted(writer):
        checkpoint = load(writer)
        loaded.append(weakref.ref(checkpoint.state))
        return checkpoint

    monkeypatch.setattr(CheckpointWriter, "load", load_noted)
    with closing(recover()) as views:
        next(views)
        assert context.sessions.of("one").run.join(20)  # its own state is a newer one
        gc.collect()
        assert loaded[0]() is None
