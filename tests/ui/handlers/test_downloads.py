"""Files that are made here, and what comes back from them."""

from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import pytest

from style_transfer.engine import Frame, State, Styles
from style_transfer.recipe import Recipe, save_recipe
from style_transfer.settings import Settings
from style_transfer.ui.handlers.downloads import DownloadHandlers
from style_transfer.ui.panels.take_home import SETTINGS
from style_transfer.ui.session.record import RunRecord
from style_transfer.ui.session.run_inputs import RunInputs
from style_transfer.ui.session.timeline import Timeline


@pytest.fixture
def told(monkeypatch):
    sentences = []
    monkeypatch.setattr("gradio.Info", sentences.append)
    return sentences


@pytest.mark.parametrize(
    ("recipe", "words"),
    [
        (Recipe(style="a.jpg"), "Settings of it.json are back."),
        (
            Recipe(style="a.jpg", more_styles=("b.jpg",), mask="face.png"),
            "Settings of it.json are back. Pictures are not in it: choose a.jpg, b.jpg, its "
            "regions again.",
        ),
    ],
    ids=["one-style", "two-styles-and-regions"],
)
def test_pictures_that_a_file_cannot_bring_back_are_named(context, tmp_path, told, recipe, words):
    save_recipe(recipe, tmp_path / "it.json")
    request = SimpleNamespace(session_hash="one", headers={})
    DownloadHandlers(context).restore(str(tmp_path / "it.json"), request)
    assert told == [words]


def test_a_long_chinese_name_makes_a_file_name_that_file_systems_take(context, tmp_path, photo):
    session = context.sessions.of("one")
    recipe = Recipe(photo="照片" * 60 + ".jpg", style="风格.jpg")
    inputs = RunInputs(photo, Styles((photo,)), tmp_path / "photo.jpg", recipe)
    record = RunRecord("Run 1", inputs, Timeline(tmp_path / "previews"))
    record.add_frame(Frame(3, photo, {}, Settings(), State(3, 0, photo), photo, True))
    session.select(record)
    values = {gr.Textbox(elem_id="kind"): SETTINGS}
    file = DownloadHandlers(context).export(values, SimpleNamespace(session_hash="one", headers={}))
    assert Path(file).name == "照片" * 20 + ".json"
    context.sessions.close("one")
