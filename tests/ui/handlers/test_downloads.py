"""What comes back from a file that was made here."""

import pytest

from style_transfer.recipe import Recipe, save_recipe
from style_transfer.ui.handlers.downloads import DownloadHandlers


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
    DownloadHandlers(context).restore(str(tmp_path / "it.json"))
    assert told == [words]
