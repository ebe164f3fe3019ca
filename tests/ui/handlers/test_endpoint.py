"""The endpoint for programs, without a server."""

from types import SimpleNamespace

import gradio as gr
import pytest

from style_transfer.images import save
from style_transfer.runs import Limits, MemoryReservations, RunService
from style_transfer.settings import Settings
from style_transfer.ui.handlers.endpoint import stylize
from tests.runs.fake_executor import FakeExecutor


@pytest.fixture
def service(tmp_path):
    return RunService(Limits(), tmp_path / "checkpoints", FakeExecutor)


@pytest.fixture
def call(context, tmp_path, photo, painting):
    """A function that calls the endpoint with pictures of 48 px and returns what it yields."""
    files = str(tmp_path / "photo.png"), str(tmp_path / "style.png")
    for picture, file in zip((photo, painting), files, strict=True):
        save(picture, tmp_path / file)
    default = Settings()

    def call(steps=3):
        request = SimpleNamespace(session_hash="a program")
        numbers = default.alpha, default.beta, default.tv, steps, 48
        layers = list(default.style_layers), default.content_layer, default.statistic
        return stylize(context, *files, *numbers, *layers, 0, 1.0, False, 0.0, request)

    yield call
    for session in context.sessions.all():
        session.close()


def test_a_call_gives_a_picture_and_leaves_nothing_reserved(context, call):
    *_, file = call()
    assert file.endswith(".png")
    assert context.service.admission.ahead(context.service.admission.join()) == 0
    assert context.service.under_way == 0


def test_a_call_for_which_there_is_no_memory_is_refused_in_one_sentence(context, call):
    context.service.memory = MemoryReservations(lambda: 1000)
    with pytest.raises(gr.Error, match=r"48 x 48 pixels needs .* are free; choose a smaller size"):
        list(call())
    assert context.service.under_way == 0
