"""The HTML of a knob, by its kind: made from the table of knobs once, and moved by scripts."""

import json
from collections.abc import Mapping
from functools import singledispatch
from html import escape
from typing import Any

from style_transfer.knobs import (
    Choice,
    Knob,
    LayerWeights,
    Number,
    StyleWeights,
    Switch,
    Weight,
    WholeNumber,
)


@singledispatch
def knob_html(knob: Knob, name: str, default: Any) -> str:
    """Return the control of a knob, which scripts move."""
    raise NotImplementedError(type(knob))


@knob_html.register
def _(knob: Number, name: str, default: float) -> str:
    # What has a name in the formulas shows it.
    return number_html(
        knob, name.replace("_", "-"), knob.label.lower() if "_" in name else name, default
    )


@knob_html.register
def _(knob: Switch, name: str, default: bool) -> str:
    return (
        f'<div class="choice" id="{name.replace("_", "-")}" data-switch="{name}">'
        f'<label><input type="checkbox">{knob.label}</label></div>'
    )


@knob_html.register
def _(knob: StyleWeights, name: str, default: Any) -> str:
    rows = "".join(
        f'<div class="layer" data-style="{number}">'
        f'<label for="weight-{number}">Style {number}</label>'
        f'<input type="range" id="weight-{number}" min="0" max="100"><output></output></div>'
        for number in range(1, knob.count + 1)
    )
    elem_id = name.replace("_", "-")
    return f'<fieldset id="{elem_id}"><legend>{knob.label}</legend>{rows}</fieldset>'


@knob_html.register
def _(knob: LayerWeights, name: str, default: Mapping[str, float]) -> str:
    rows = "".join(
        f'<div class="layer"><label><input type="checkbox" value="{layer}">{layer}</label>'
        f'<input type="range" min="0" max="1000" data-layer="{layer}" '
        f'aria-label="Weight of {layer}"><output></output></div>'
        for layer in knob.layers
    )
    return (
        f'<fieldset id="{name.replace("_", "-")}" '
        f'data-default="{escape(json.dumps(knob.plain(default)))}"><legend>{knob.label}</legend>'
        f"{_reset('style layers', 'the default')}{_ends(knob)}{rows}</fieldset>"
    )


@knob_html.register
def _(knob: Choice, name: str, default: str) -> str:
    elem_id = name.replace("_", "-")
    if not knob.few:
        options = "".join(f"<option>{choice}</option>" for choice in knob.choices)
        return (
            f'<div class="choice" id="{elem_id}" data-choice="{name}">'
            f'<label for="{elem_id}-choice">{knob.label}</label>'
            f'<select id="{elem_id}-choice">{options}</select>{_ends(knob)}</div>'
        )
    radios = "".join(
        f'<label><input type="radio" name="{elem_id}" value="{choice}">{choice}</label>'
        for choice in knob.choices
    )
    return (
        f'<fieldset id="{elem_id}" class="choice" data-choice="{name}">'
        f"<legend>{knob.label}</legend>{radios}{_ends(knob)}</fieldset>"
    )


def number_html(
    knob: Number, elem_id: str, term: str, default: float, least: float | None = None
) -> str:
    """Return the control of a number; `term` is what formulas call it.

    `least` is what can be typed, where that is less than the slider's range has.
    """
    less, more = knob.ends
    term = "" if term == knob.label.lower() else f" <small>{term}</small>"
    step, grain = ("1", knob.grain) if isinstance(knob, WholeNumber) else ("any", 0)
    most = knob.most if isinstance(knob, WholeNumber) else knob.high
    least = knob.low if least is None else least
    limit = "" if isinstance(knob, Weight) else f' max="{most}"'
    return (
        f'<div class="knob" id="{elem_id}" data-low="{knob.low}" data-high="{knob.high}" '
        f'data-power="{knob.power}" data-grain="{grain}" data-default="{default:g}">'
        f'<label for="{elem_id}-number">{knob.label}{term}</label>'
        f"{_reset(knob.label, f'{default:g}')}"
        f'<input type="number" id="{elem_id}-number" min="{least}"{limit} step="{step}">'
        f'<input type="range" min="0" max="1000" aria-label="{knob.label}: {less} to {more}">'
        f"{_ends(knob)}</div>"
    )


def _reset(label: str, default: str) -> str:
    return (
        f'<button type="button" class="reset" aria-label="Reset {label} to {default}" '
        f'title="Back to {default}">↺</button>'
    )


def _ends(knob: Knob) -> str:
    less, more = knob.ends
    return f'<p class="ends" aria-hidden="true"><span>{less}</span><span>{more}</span></p>'
