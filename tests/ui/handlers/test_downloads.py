"""Files that are made here, and what comes back from them."""

import random
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import numpy as np
import pytest
import torch

from style_transfer.engine import Frame, State, Stroke, Styles
from style_transfer.images import open_photo
from style_transfer.recipe import Recipe, save_recipe
from style_transfer.settings import Settings
from style_transfer.ui.handlers.downloads import DownloadHandlers
from style_transfer.ui.panels import take_home as take_home_panel
from style_transfer.ui.panels.take_home import SETTINGS
from style_transfer.ui.session.record import RunRecord
from style_transfer.ui.session.run_inputs import RunInputs
from style_transfer.ui.session.session import MAX_EXPORTS
from style_transfer.ui.session.timeline import Timeline
from tests.ui.handlers.tab import with_slider


@pytest.fixture
def told(monkeypatch):
    sentences = []
    monkeypatch.setattr("gradio.Info", sentences.append)
    return sentences


def too_many_strokes():
    draw = random.Random(3).random
    lines = [tuple((draw(), draw(), 1.0) for _ in range(15)) for _ in range(700)]
    return tuple(Stroke("smear", line, number=number) for number, line in enumerate(lines, 1))


@pytest.mark.parametrize(
    ("recipe", "words"),
    [
        (Recipe(style="a.jpg"), "Settings of it.json are back."),
        (
            Recipe(style="a.jpg", more_styles=("b.jpg",), mask="face.png"),
            "Settings of it.json are back. Pictures are not in it: choose a.jpg, b.jpg, its "
            "regions again.",
        ),
        (
            Recipe(strokes=too_many_strokes()),
            "Settings of it.json are back. Left out of it are 700 strokes, for which there is no "
            "room.",
        ),
    ],
    ids=["one-style", "two-styles-and-regions", "strokes-without-room"],
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
    values = with_slider({gr.Textbox(elem_id="kind"): SETTINGS})
    file = DownloadHandlers(context).export(values, SimpleNamespace(session_hash="one", headers={}))
    assert Path(file).name == "照片" * 20 + ".json"
    context.sessions.close("one")


@pytest.fixture
def take_home(context, tmp_path, photo):
    """Makes a file of a picture at rest, of a photo whose left half is not seen."""
    session, opacity = context.sessions.of("one"), torch.ones(1, 1, *photo.shape[-2:])
    opacity[..., : photo.shape[-1] // 2] = 0
    recipe = Recipe(photo="photo.png", style="style.jpg", size=max(photo.shape))
    inputs = RunInputs(photo, Styles((photo,)), tmp_path / "photo.png", recipe, opacity)
    record = RunRecord("Run 1", inputs, Timeline(tmp_path / "previews"))
    record.add_frame(Frame(3, photo, {}, Settings(), State(3, 0, photo), photo, True))
    session.select(record)

    def make(kind, keep=True, color="#ffffff"):
        label = next(each for each in take_home_panel.PICTURES if each.startswith(kind))
        values = {
            gr.Textbox(elem_id="kind"): label,
            gr.HTML(elem_id="background"): {"keep": keep, "color": color},
        }
        request = SimpleNamespace(session_hash="one", headers={})
        return open_photo(DownloadHandlers(context).export(with_slider(values), request))

    yield make, session
    context.sessions.close("one")


def test_a_picture_of_a_transparent_photo_is_as_transparent(take_home, photo):
    make, session = take_home
    assert take_home_panel.value(session)["transparent"]
    made = make("PNG")
    half = photo.shape[-1] // 2
    assert (made.opacity[:, :half] == 0).all()
    assert (made.opacity[:, half:] == 1).all()
    assert made.dpi == pytest.approx(300, abs=0.1)


def test_it_is_laid_on_the_colour_that_was_chosen(take_home, photo):
    make, _ = take_home
    half = photo.shape[-1] // 2
    for made in (make("PNG", keep=False, color="#0080ff"), make("JPEG", color="#0080ff")):
        assert made.opacity is None
        ground = made.colours[:, : half - 8].reshape(-1, 3)
        assert abs(ground - np.array([0, 128, 255])).max() < 8


def test_it_has_the_colours_that_the_canvas_shows(take_home, photo):
    make, session = take_home
    record, (image, half) = session.selected, (photo.flip(1), photo.shape[-1] // 2)
    keeping = Settings(keep_colors=1.0)
    record.add_frame(Frame(4, image, {}, keeping, State(4, 0, image), photo, True))
    for preview, seen in zip(record.previews, (photo, record.last_frame.picture), strict=True):
        session.select(record, preview)
        made = torch.from_numpy(make("PNG").colours)[:, half:]
        difference = (made - seen[0, :, :, half:].permute(1, 2, 0)).abs().mean()
        assert difference < 0.02 < (record.last_frame.stylized - seen).abs().mean()


def test_16_bits_a_channel_are_a_choice(take_home, photo):
    make, _ = take_home
    exact = photo[0].permute(1, 2, 0).numpy()
    half = photo.shape[-1] // 2
    found = make("PNG, 16")
    assert found.colours.dtype == np.float32
    assert abs(found.colours - exact)[:, half:].max() < 1 / 60_000


def test_a_background_that_no_page_sends_is_refused_in_a_sentence(take_home):
    make, _ = take_home
    with pytest.raises(gr.Error, match="'nocolour' is no colour"):
        make("PNG", keep=False, color="nocolour")


@pytest.mark.parametrize("times", [(0, 1.5), (None, 1.5), (6, -1), (6, None)])
def test_times_that_no_film_has_are_refused_in_a_sentence(take_home, context, times):
    _, session = take_home
    session.selected.add_frame(replace(session.selected.last_frame, step=4))
    chosen = next(iter(take_home_panel.TIMELAPSES)), *times
    ids = "kind", "seconds", "hold"
    values = {gr.HTML(elem_id=elem_id): each for elem_id, each in zip(ids, chosen, strict=True)}
    request = SimpleNamespace(session_hash="one", headers={})
    with pytest.raises(gr.Error, match=r"(lasts|held|length|hold) .*(not (0|-1)|field is empty)"):
        DownloadHandlers(context).export(with_slider(values), request)


def test_of_the_files_that_a_page_makes_the_newest_stay(take_home):
    make, session = take_home
    for step in range(4, 4 + 2 * MAX_EXPORTS):
        session.selected.add_frame(replace(session.selected.last_frame, step=step))
        make("JPEG")
    files = list(session.folder.make().rglob("*-step*"))
    assert len(files) == MAX_EXPORTS
    assert f"photo-style-step{step}.jpg" in {file.name for file in files}
