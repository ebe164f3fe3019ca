"""Pictures that can be read only once."""

import io
import os
import sys
import threading
from types import SimpleNamespace

import pytest

from style_transfer import Request, Settings, paint_files
from style_transfer.batch import read_styles
from style_transfer.images import to_pil
from style_transfer.recipe import read_recipe
from tests.conftest import smooth_picture

REQUEST = Request(Settings(steps=2, content_layer="relu2_1", style_layers=["relu1_1"]), 48)

pytestmark = pytest.mark.usefixtures("known_costs")
pipes = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")


def picture(number):
    file = io.BytesIO()
    to_pil(smooth_picture(number)).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def pipe(tmp_path):
    """Makes a named pipe to which something is written once."""

    def make(name, data):
        os.mkfifo(tmp_path / name)
        threading.Thread(target=(tmp_path / name).write_bytes, args=(data,), daemon=True).start()
        return tmp_path / name

    return make


def test_standard_input_serves_all_pictures_of_a_photo(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(picture(1))))
    (tmp_path / "style.png").write_bytes(picture(2))
    made = [*paint_files("-", tmp_path / "style.png", tmp_path / "out", REQUEST, betas=(1, 5))]
    assert [(each.status, each.message) for each in made] == [("painted", "")] * 2
    assert [read_recipe(each.place).settings.beta for each in made] == [1, 5]


def test_an_empty_standard_input_is_told_by_its_name(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO()))
    (tmp_path / "style.png").write_bytes(picture(2))
    (told,) = paint_files("-", tmp_path / "style.png", tmp_path / "out.png", REQUEST)
    assert told.message.startswith("standard input: this is not a picture")


def test_a_closed_standard_input_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    (tmp_path / "style.png").write_bytes(picture(2))
    (told,) = paint_files("-", tmp_path / "style.png", tmp_path / "out.png", REQUEST)
    assert (told.status, told.place) == ("refused", None)
    assert told.message.startswith("standard input cannot be used (")


@pipes
def test_photo_and_style_may_be_pipes(tmp_path, pipe):
    photo, style = pipe("photo", picture(1)), pipe("style", picture(2))
    made = [*paint_files(photo, style, tmp_path / "out", REQUEST, betas=(1, 5))]
    assert [(each.status, each.message) for each in made] == [("painted", "")] * 2


@pipes
def test_a_mask_may_be_a_pipe(tmp_path, pipe):
    (tmp_path / "style.png").write_bytes(picture(2))
    mask = pipe("mask", picture(3))
    assert read_styles([tmp_path / "style.png"], mask).strength is not None
