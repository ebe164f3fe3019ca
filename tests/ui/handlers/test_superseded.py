"""What a page keeps in memory of the runs that others have taken the place of."""

import gc
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from style_transfer.engine import Styles
from style_transfer.recipe import Recipe
from style_transfer.runs import Job, Lasting, Limits, RunService
from style_transfer.settings import Settings
from style_transfer.ui.handlers.recover import RecoverHandlers
from style_transfer.ui.handlers.watch import watch_run
from style_transfer.ui.panels import controls
from style_transfer.ui.session.run_inputs import RunInputs
from tests.conftest import smooth_picture
from tests.runs.fake_executor import FakeExecutor

TOKEN = "a" * 64
SETTINGS = Settings(steps=4, style_layers=["relu1_1"], content_layer="relu2_1")
RUNS = 3
REST = Lasting(3, settles=True)


@pytest.fixture
def service(tmp_path):
    return RunService(Limits(), tmp_path / "checkpoints", FakeExecutor)


@pytest.fixture
def session(context):
    yield context.sessions.of("one")
    context.sessions.close("one")


def paint(context, session, painting):
    """Paint a photo of its own to the end, as Start does."""

    def begin():
        photo = smooth_picture(1)
        inputs = RunInputs(photo, Styles((painting,)), Path("photo.jpg"), Recipe())
        record = session.records.new(inputs)
        record.checkpoint = context.service.checkpoints.create(TOKEN, inputs.tensors)
        job = Job(photo, inputs.styles, SETTINGS)
        return record, context.service.start(
            job, lasting=REST, on_frame=record.write_checkpoint, after=session.run
        )

    for _ in watch_run(context, session, begin):
        pass


def paint_and_stop(context, session, painting):
    paint(context, session, painting)
    session.stop()


def bring_back(context, session, painting):
    """Leave a picture at rest in another tab, and have it brought back in this one."""
    other = context.sessions.of("two")
    paint(context, other, painting)
    context.sessions._sessions.pop("two")
    for record in other.records:
        record.leave_checkpoint()
    session.start_values = {
        "settings": controls.to_value(SETTINGS, 1),
        "interrupted": {"token": TOKEN},
        "more": 3,
    }
    request = SimpleNamespace(session_hash="one", headers={}, client=None)
    for _ in RecoverHandlers(context).recover(request):
        pass
    assert session.selected.rests


def held(context):
    """The bytes of all tensors of this process."""
    context.service.executor.executions.clear()  # kept for tests alone
    gc.collect()
    tensors = [each for each in gc.get_objects() if issubclass(type(each), torch.Tensor)]
    tensors = [each for each in tensors if each.layout == torch.strided]  # others are the network's
    storages = {each.untyped_storage().data_ptr(): each.untyped_storage() for each in tensors}
    return sum(storage.nbytes() for storage in storages.values())


@pytest.mark.usefixtures("no_garbage")
@pytest.mark.parametrize("way", [paint, paint_and_stop, bring_back])
def test_a_superseded_run_holds_its_pictures_and_no_optimiser_memory(
    context, session, painting, way
):
    way(context, session, painting)
    way(context, session, painting)
    before = held(context)
    for _ in range(RUNS):
        way(context, session, painting)
    assert len(session.records) == RUNS + 2

    def grown():
        return (held(context) - before) / RUNS / smooth_picture(1).nbytes

    until = time.monotonic() + 30
    while grown() > 3.1 and time.monotonic() < until:  # threads that end soon hold pictures, too
        time.sleep(0.05)
    assert grown() <= 3.1  # photo, picture and, of those brought back, a style
