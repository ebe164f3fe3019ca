"""The live knobs: one component whose value is the settings, as plain data.

Drawn once; from then on knobs.js moves it. Its value has what `Settings.as_dict` has, and how
often a preview is wanted.
"""

import json
from collections.abc import Mapping
from html import escape
from typing import Any

import gradio as gr

from style_transfer.losses import STATISTICS
from style_transfer.network.vgg import LAYERS
from style_transfer.recipe import PREVIEWS
from style_transfer.settings import MAX_STYLES, Settings, knob, whole_number
from style_transfer.ui.panels.component import widget
from style_transfer.ui.panels.presets import PRESETS

# Position 0..1 to the power of this gives the place in the range: more room for small values.
NUMBERS = {  # name: (label, power, step of the number box)
    "alpha": ("Photo", 3, "any"),
    "beta": ("Paint", 3, "any"),
    "tv": ("Smoothness", 3, "any"),
    "steps": ("Steps", 2, "1"),
}
MORE_NUMBERS = {
    "style_scale": ("Stroke size", 2, "any"),
    "keep_colors": ("Keep colours", 1, "any"),
}
MATCH = "Give the style the photo's colours"
CONTENT = "relu1: every detail ... relu5: forms"
STATISTIC = "colours and texture ... texture alone"
# A preset says how it is painted: not how long it takes, nor in which of the styles and colours.
UNTOUCHED = ("steps", "style_weights", "match_colors", "keep_colors")


def build() -> gr.HTML:
    """Return the component."""
    return widget("settings", _template(), to_value(Settings()), script="knobs")


def to_value(settings: Settings, preview_every: int = 1) -> dict[str, Any]:
    """Return the component's value for `settings`."""
    return settings.as_dict() | {"preview_every": preview_every}


def to_settings(value: Mapping[str, Any]) -> Settings:
    """Return the settings in the component's value. Raises ValueError, one sentence."""
    if not isinstance(value, Mapping) or value.keys() != to_value(Settings()).keys():
        raise ValueError(f"The knobs are {', '.join(to_value(Settings()))}, each with a value.")
    whole_number("preview_every", value["preview_every"], *PREVIEWS)
    return Settings(**{name: value[name] for name in value if name != "preview_every"})


def _template() -> str:
    numbers, more = map(_numbers, (NUMBERS, MORE_NUMBERS))
    return (
        f"{_presets()}{numbers}<details id='strokes'><summary>Colours, strokes, styles</summary>"
        f"{more}{_switch('match-colors', MATCH)}{_weights()}"
        "</details><details><summary>What is compared"
        f"</summary>{_layers()}{_choice('content-layer', 'Content layer', LAYERS, CONTENT)}"
        f"{_radios('statistic', 'Statistic', tuple(STATISTICS), STATISTIC)}{_previews()}</details>"
    )


def _presets() -> str:
    buttons = []
    for name, changes in PRESETS.items():
        values = Settings(**changes).as_dict()
        for untouched in UNTOUCHED:
            values.pop(untouched)
        data = escape(json.dumps(values))
        buttons.append(f'<button type="button" data-preset="{data}">{name}</button>')
    return f'<div id="presets" role="group" aria-label="Presets">{"".join(buttons)}</div>'


def _numbers(offered: Mapping[str, tuple[str, int, str]]) -> str:
    default = Settings()
    return "".join(_number(name, getattr(default, name), *how) for name, how in offered.items())


def _switch(elem_id: str, words: str) -> str:
    return f'<div class="choice" id="{elem_id}"><label><input type="checkbox">{words}</label></div>'


def _weights() -> str:
    rows = "".join(
        f'<div class="layer" data-style="{number}">'
        f'<label for="weight-{number}">Style {number}</label>'
        f'<input type="range" id="weight-{number}" min="0" max="100"><output></output></div>'
        for number in range(1, MAX_STYLES + 1)
    )
    return f'<fieldset id="style-weights"><legend>How much of each style</legend>{rows}</fieldset>'


def _number(name: str, default: float, label: str, power: int, step: str) -> str:
    offered = knob(name)
    return _knob(
        name.replace("_", "-"),
        label,
        label.lower() if "_" in name else name,  # what has a name in the formulas shows it
        default,
        (offered.low, offered.high),
        power,
        step,
        offered.words,
    )


def _previews() -> str:
    words = "every step ... now and then"
    return _knob("preview-every", "Preview", "steps apart", 1, PREVIEWS, 1, "1", words)


def _knob(
    elem_id: str,
    label: str,
    term: str,
    default: float,
    ends: tuple[float, float],
    power: int,
    step: str,
    words: str,
) -> str:
    low, high = ends
    less, more = words.split(" ... ")
    term = "" if term == label.lower() else f" <small>{term}</small>"
    return (
        f'<div class="knob" id="{elem_id}" data-low="{low}" data-high="{high}" '
        f'data-power="{power}" data-default="{default:g}">'
        f'<label for="{elem_id}-number">{label}{term}</label>'
        f"{_reset(label, f'{default:g}')}"
        f'<input type="number" id="{elem_id}-number" min="{low}" step="{step}">'
        f'<input type="range" min="0" max="1000" aria-label="{label}: {less} to {more}">'
        f"{_ends(words)}</div>"
    )


def _reset(label: str, default: str) -> str:
    return (
        f'<button type="button" class="reset" aria-label="Reset {label} to {default}" '
        f'title="Back to {default}">↺</button>'
    )


def _ends(words: str) -> str:
    less, more = words.split(" ... ")
    return f'<p class="ends" aria-hidden="true"><span>{less}</span><span>{more}</span></p>'


def _layers() -> str:
    rows = "".join(
        f'<div class="layer"><label><input type="checkbox" value="{layer}">{layer}</label>'
        f'<input type="range" min="0" max="1000" data-layer="{layer}" '
        f'aria-label="Weight of {layer}"><output></output></div>'
        for layer in LAYERS
    )
    words = "relu1: grain ... relu5: large forms"
    default = escape(json.dumps(Settings().as_dict()["style_layers"]))
    return (
        f'<fieldset id="style-layers" data-default="{default}">'
        "<legend>Style layers and weights</legend>"
        f"{_reset('style layers', 'those of the paper')}{_ends(words)}{rows}</fieldset>"
    )


def _choice(elem_id: str, label: str, choices: tuple[str, ...], words: str) -> str:
    options = "".join(f"<option>{choice}</option>" for choice in choices)
    return (
        f'<div class="choice" id="{elem_id}"><label for="{elem_id}-choice">{label}</label>'
        f'<select id="{elem_id}-choice">{options}</select>{_ends(words)}</div>'
    )


def _radios(elem_id: str, label: str, choices: tuple[str, ...], words: str) -> str:
    radios = "".join(
        f'<label><input type="radio" name="{elem_id}" value="{choice}">{choice}</label>'
        for choice in choices
    )
    return (
        f'<fieldset id="{elem_id}" class="choice"><legend>{label}</legend>{radios}'
        f"{_ends(words)}</fieldset>"
    )
