"""The orderly end of a server: runs are saved, and the pages that show them are told."""

import threading
import time
from pathlib import Path

import pytest

from style_transfer.engine import Styles
from style_transfer.recipe import Recipe
from style_transfer.runs import SERVER_ENDS, Checkpoint, Job, Lasting, Limits, RunService
from style_transfer.settings import Settings
from style_transfer.ui.handlers.watch import watch_run
from style_transfer.ui.page import build
from style_transfer.ui.panels import status
from style_transfer.ui.session.run_inputs import RunInputs
from style_transfer.ui.shutdown import end_serving
from tests.runs.fake_executor import FakeExecutor

pytestmark = pytest.mark.filterwarnings("default")  # Gradio's own are not ours to mend

TOKENS = ["a" * 64, "b" * 64]
SETTINGS = Settings(steps=900, style_layers=["relu1_1"], content_layer="relu2_1")
STEPS = 5


@pytest.fixture
def service(tmp_path):
    """A service whose runs stand still after some steps."""
    return RunService(Limits(), tmp_path / "kept", lambda _: FakeExecutor(allowed=STEPS + 1))


def watch(page, token, photo, painting):
    """Let a page of its own show a run, and return its session and the thread that sends views."""
    session = page.context.sessions.of(token)

    def begin():
        inputs = RunInputs(photo, Styles((painting,)), Path("photo.jpg"), Recipe())
        record = session.records.new(inputs)
        record.checkpoint = page.context.service.checkpoints.create(token, inputs.tensors)
        job = Job(photo, inputs.styles, SETTINGS)
        return record, page.context.service.start(job, lasting=Lasting())

    thread = threading.Thread(target=lambda: [*watch_run(page.context, session, begin)])
    thread.start()
    until = time.monotonic() + 20
    while not (session.run and session.run.frame and session.run.frame.step == STEPS):
        assert time.monotonic() < until
        time.sleep(0.01)
    return session, thread


@pytest.mark.integration
def test_every_run_is_saved_and_its_page_told(service, uploads, photo, painting):
    page = build(service)
    shown = [watch(page, token, photo, painting) for token in TOKENS]
    end_serving(page)
    for (session, thread), token in zip(shown, TOKENS, strict=True):
        thread.join(20)
        assert session.run.outcome is SERVER_ENDS
        assert "The server is being ended" in status.value(session)["notices"]
        kept = Checkpoint.load(service.checkpoints.find(token))
        assert kept.state.step == STEPS
        assert kept.state.memory
    with pytest.raises(ValueError, match="The server is being ended"):
        service.start(Job(photo, Styles((painting,)), SETTINGS))
    for session, _ in shown:
        session.close()
