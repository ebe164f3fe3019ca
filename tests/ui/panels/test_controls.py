"""The knobs as the page has them."""

import json
import re
from html import unescape

import pytest

from style_transfer.knobs import Number
from style_transfer.settings import KNOBS, Settings
from style_transfer.ui.panels import controls


def test_the_value_of_the_knobs_gives_the_settings_back():
    settings = Settings(beta=8, style_layers={"relu1_1": 1, "relu3_1": 0.5}, steps=40)
    value = json.loads(json.dumps(controls.to_value(settings, preview_every=3)))
    assert controls.to_settings(value) == settings


@pytest.mark.parametrize("name", [name for name, knob in KNOBS.items() if type(knob) is Number])
def test_a_refusal_calls_a_knob_what_the_page_calls_it(name):
    value = controls.to_value(Settings()) | {name: 99}
    with pytest.raises(ValueError, match=rf"^{KNOBS[name].label} must be from .*, not 99\.$"):
        controls.to_settings(value)


def test_every_input_of_the_knobs_has_a_label():
    html = controls.build().html_template
    tags = re.findall(r"<(?:input|select)[^>]*>", html)
    assert len(tags) > len(KNOBS)
    for tag in tags:
        elem_id = re.search(r'id="([^"]+)"', tag)
        labelled = "aria-label=" in tag or (elem_id and f'for="{elem_id[1]}"' in html)
        inside = re.search(rf"<label>{re.escape(tag)}", html)
        assert labelled or inside, unescape(tag)
