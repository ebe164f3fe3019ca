"""The live knobs: one component whose value is the settings, as plain data.

The HTML is made from the table of knobs once; from then on knobs.js moves it. The value has what
`Settings.as_dict` has, how often a preview is wanted, and how many moves of a hand are in it: what
a hand moved after an answer was asked for stays as it is.
"""

import json
from collections.abc import Callable, Mapping
from functools import singledispatch
from html import escape
from typing import Any

import gradio as gr

from style_transfer.checks import whole_number
from style_transfer.knobs import (
    Choice,
    Knob,
    LayerWeights,
    Number,
    Section,
    StyleWeights,
    Switch,
    Weight,
    WholeNumber,
)
from style_transfer.presets import PRESETS, preset_values
from style_transfer.recipe import PREVIEWS
from style_transfer.settings import KNOBS, Settings
from style_transfer.ui.panels.panel import widget

_PREVIEW = WholeNumber(
    label="Preview",
    help="steps from one preview to the next",
    ends=("every step", "now and then"),
    low=PREVIEWS[0],
    high=PREVIEWS[1],
    most=PREVIEWS[1],
    section=Section.COMPARED,
)
_ORDER = (Number, Switch, StyleWeights, LayerWeights, Choice)  # of the kinds within a section


def build() -> gr.HTML:
    """Return the component."""
    unmoved = to_value(Settings(), moves=0)
    return widget("settings", _template(), unmoved, script=("focus", "knob", "knobs"))


def to_value(
    settings: Settings, preview_every: int = 1, moves: int | None = None
) -> dict[str, Any]:
    """Return the component's value for `settings`.

    They are asked for after so many `moves` of a hand, and leave later ones alone; None for all.
    """
    return settings.as_dict() | {"preview_every": preview_every, "moves": moves}


def to_settings(value: Mapping[str, Any]) -> Settings:
    """Return the settings in the component's value. Raises ValueError, one sentence."""
    _check_names(value)
    whole_number(_PREVIEW.label, value["preview_every"], *PREVIEWS)
    for name, knob in KNOBS.items():
        knob.check(knob.label, value[name])  # a refusal has the name that the page has
    return Settings(**{name: value[name] for name in KNOBS})


def use_each(
    value: Mapping[str, Any], last: Mapping[str, Any], use: Callable[[Mapping[str, Any]], None]
) -> tuple[Mapping[str, Any], str]:
    """Call `use` with the component's value, which it may refuse with a ValueError; then with each
    knob that was moved in turn, so that one keeps its `last` value for what is wrong with it alone.

    Returns the value that was used, and why others were refused, "" where none was. Raises
    ValueError, one sentence, for what is no value of the component.
    """
    _check_names(value)
    try:
        use(value)
        return value, ""
    except ValueError:
        used, refusals = last, list[str]()
    for name in [name for name in value if value[name] != last[name]]:
        try:
            use(moved := {**used, name: value[name]})
            used = moved
        except ValueError as error:
            refusals.append(str(error))
    return used, " ".join(refusals)


def _check_names(value: Any) -> None:
    if not isinstance(value, Mapping) or value.keys() != to_value(Settings()).keys():
        raise ValueError(f"The knobs are {', '.join(to_value(Settings()))}, each with a value.")


def _template() -> str:
    parts = [_presets()]
    for section in Section:
        names = [name for name, knob in KNOBS.items() if knob.section is section]
        names.sort(key=lambda name: _place(KNOBS[name]))
        html = "".join(knob_html(KNOBS[name], name, getattr(Settings(), name)) for name in names)
        if section is Section.COMPARED:
            html += number_html(_PREVIEW, "preview-every", "steps apart", 1)
        if section.value:
            summary = f"<summary>{section.value}</summary>"
            html = f"<details id='{section.name.lower()}'>{summary}{html}</details>"
        parts.append(html)
    return "".join(parts)


def _place(knob: Knob) -> int:
    return next(place for place, kind in enumerate(_ORDER) if isinstance(knob, kind))


def _presets() -> str:
    buttons = "".join(
        f'<button type="button" data-preset="{escape(json.dumps(preset_values(name)))}">'
        f"{name}</button>"
        for name in PRESETS
    )
    return f'<div id="presets" role="group" aria-label="Presets">{buttons}</div>'


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
