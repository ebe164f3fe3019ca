"""What the page shows of what somebody sent."""

from types import SimpleNamespace

import gradio as gr
import pytest

from style_transfer.recipe import Recipe, save_recipe
from style_transfer.ui.handlers.downloads import DownloadHandlers
from style_transfer.ui.handlers.steering import SteeringHandlers
from style_transfer.ui.http.calls import MAX_MESSAGE, error_on_page, or_error_on_page

FORM = "<form action=//evil><img src=//evil/a.png>&lt;"
SHOWN = "&lt;form action=//evil&gt;&lt;img src=//evil/a.png&gt;&amp;lt;"


@pytest.fixture
def told(monkeypatch):
    """The messages that are shown, without waiting for a page."""
    messages = []
    monkeypatch.setattr("gradio.Info", messages.append)
    monkeypatch.setattr("gradio.Warning", messages.append)
    return messages


def refuse():
    raise ValueError(f"{FORM} is not one of a, b.")


def test_markup_that_an_error_quotes_is_shown_as_text():
    assert error_on_page(FORM).message == SHOWN
    with pytest.raises(gr.Error) as error:
        or_error_on_page(refuse)
    assert error.value.message == f"{SHOWN} is not one of a, b."


def test_quotation_marks_are_read_as_they_are_by_programs_too():
    assert error_on_page("size 'x' is \"y\"").message == "size 'x' is \"y\""


def test_a_long_message_is_cut_before_its_markup_is_replaced():
    message = error_on_page("<" * 1000).message
    assert message == "&lt;" * (MAX_MESSAGE - 4) + " ..."


def test_markup_in_an_address_is_shown_as_text(context, told):
    request = SimpleNamespace(query_params={"statistic": FORM}, session_hash="one")
    SteeringHandlers(context).link_settings(request)
    assert len(told) == 1
    assert SHOWN in told[0]
    assert "<" not in told[0]


def test_markup_in_a_recipe_is_shown_as_text(context, told, tmp_path):
    recipe = Recipe(style="<img src=x>", more_styles=("b.jpg",))
    save_recipe(recipe, tmp_path / "it.json")
    request = SimpleNamespace(headers={}, session_hash="one")
    DownloadHandlers(context).restore(str(tmp_path / "it.json"), request)
    assert len(told) == 1
    assert "choose &lt;img src=x&gt;, b.jpg again." in told[0]
