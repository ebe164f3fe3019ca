"""The live knobs: one component whose value is the settings, as plain data.

The HTML is made from the table of knobs once; from then on knobs.js moves it. The value has what
`Settings.as_dict` has, how often a preview is wanted, and how many moves of a hand are in it: what
a hand moved after an answer was asked for stays as it is.
"""

import json
import math
from collections.abc import Callable, Mapping
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
    WholeNumber,
)
from style_transfer.presets import PRESETS, preset_values
from style_transfer.recipe import PREVIEWS
from style_transfer.settings import KNOBS, Settings
from style_transfer.ui.panels.knob_html import knob_html, number_html
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


def moves_in(value: Any, newest: float = math.inf) -> float:
    """Return how many moves of a hand are in the component's value, `newest` where none is told."""
    moves = value.get("moves") if isinstance(value, Mapping) else None
    return moves if isinstance(moves, int) else newest


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
