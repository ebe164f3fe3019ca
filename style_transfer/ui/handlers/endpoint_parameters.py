"""The parameters of the endpoint: those of the table of knobs, and those of one call alone.

Gradio makes the API's documentation and the schema of the MCP tool from a function's signature and
docstring, so both are written here.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.components import Component

from style_transfer.engine import default_size
from style_transfer.knobs import Choice, Knob, LayerWeights, Number, Switch, Weight, WholeNumber
from style_transfer.settings import KNOBS, Settings
from style_transfer.ui.http.gradio_internals import tell_programs
from style_transfer.ui.panels.inputs import picture_input

_STEPS = KNOBS["steps"]
assert isinstance(_STEPS, WholeNumber)
CALL_STEPS = int(_STEPS.high)  # at most in one call; a run of the page may have more
_REQUIRED = inspect.Parameter.empty
_FIRST = (
    *("photo", "style", "alpha", "beta", "tv", "steps", "size", "style_layers", "content_layer"),
    *("statistic", "seed", "style_scale", "match_colors", "keep_colors"),
    *("other_style", "other_weight", "mask"),
)
_SUMMARY = (
    "Paint a photo in the style of another picture (neural style transfer, Gatys et al. 2015).\n\n"
    "It takes up to a second per step at 480 pixels without a GPU. The PNG carries its settings.\n"
)


def max_side() -> int:
    """Return the longest side in px of a picture that a program may ask for."""
    return max(512, default_size())


@dataclass(frozen=True)
class Parameter:
    """One parameter: its type, what the documentation says, and the input that Gradio wants."""

    kind: Any
    text: str
    component: Callable[[], Component]
    default: Any = _REQUIRED  # None is what lets a caller leave a picture out


def parameters() -> dict[str, Parameter]:
    """Return all parameters by name, in the order in which callers may give them by position.

    The order is part of the interface: what is new in the table of knobs comes last.
    """
    size = default_size()
    found = {
        "photo": _picture("Photo", "The picture to be painted."),
        "style": _picture("Style", "The painting, drawing or texture to paint it like."),
        "size": Parameter(
            int,
            "Longer side of the result in pixels; limited by the server.",
            lambda: gr.Number(size, precision=0, label="size"),
        ),
        "seed": Parameter(
            int,
            "Kept in the picture's settings; equal calls give equal pictures.",
            lambda: gr.Number(0, precision=0, label="seed"),
        ),
        "other_style": _picture("Other style", "A second style, to be mixed with the first.", None),
        "other_weight": Parameter(
            float,
            "Weight of the second style; the first has 1.",
            lambda: gr.Number(1.0, label="other weight"),
            1.0,
        ),
        "mask": _picture(
            "Mask",
            "A picture over the photo: black leaves it, white paints it, greys less so.",
            None,
        ),
    }
    default = Settings()
    for name, knob in KNOBS.items():
        if knob.in_endpoint:
            found[name] = _knob(name, knob, getattr(default, name), name not in _FIRST)
    return {name: found[name] for name in dict.fromkeys((*_FIRST, *found))}


def document(function: Callable[..., Any], described: dict[str, Parameter]) -> None:
    """Give `function`, of a request and positional values, the signature of `described`."""
    request = inspect.Parameter(
        "request", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=gr.Request
    )
    own = [
        inspect.Parameter(
            name,
            inspect.Parameter.POSITIONAL_OR_KEYWORD,
            default=each.default,
            annotation=each.kind,
        )
        for name, each in described.items()
    ]
    lines = "\n".join(f"    {name}: {each.text}" for name, each in described.items())
    returns = "Returns:\n    The painted picture as a PNG file."
    function.__name__ = "stylize"  # which the MCP tool is called by
    function.__doc__ = f"{_SUMMARY}\nArgs:\n{lines}\n\n{returns}\n"
    function.__annotations__ = {each.name: each.annotation for each in (request, *own)}
    function.__signature__ = inspect.Signature([request, *own])  # type: ignore[attr-defined]


def read_layers(value: Any) -> Any:
    """Return layers as `Settings` takes them; texts have the weights that they have in links."""
    texts = [value] if isinstance(value, str) else value
    if not texts or not isinstance(texts, list):
        return value
    return KNOBS["style_layers"].from_text("style_layers", ",".join(map(str, texts)))


def _picture(label: str, text: str, default: Any = _REQUIRED) -> Parameter:
    kind = str if default is _REQUIRED else str | None
    return Parameter(kind, text, lambda: picture_input(label), default)


def _knob(name: str, knob: Knob, value: Any, optional: bool) -> Parameter:
    kind, span, component = _kind(knob, value, name.replace("_", " "))
    text = f"{knob.help[0].upper()}{knob.help[1:]}{span}"
    text += f"; {knob.hint}." if knob.hint else "."
    return Parameter(kind, text, component, knob.plain(value) if optional else _REQUIRED)


def _kind(knob: Knob, value: Any, label: str) -> tuple[Any, str, Callable[[], Component]]:
    """Return the type of a knob's value, its range in words, and its input."""
    match knob:
        case Number():
            usual = "usually " if isinstance(knob, Weight) else ""  # which has no upper end
            span, whole = f", {usual}{knob.low:g} to {knob.high:g}", isinstance(knob, WholeNumber)
            precision = 0 if whole else None
            return (
                int if whole else float,
                span,
                lambda: gr.Number(value, precision=precision, label=label),
            )
        case Switch():
            return bool, "", lambda: gr.Checkbox(value, label=label)
        case Choice():
            names = [*knob.choices]
            few = f": {', '.join(names[:-1])} or {names[-1]}" if knob.few else ""
            return str, few, lambda: gr.Dropdown(names, value=value, label=label)
        case LayerWeights():
            names = [*knob.layers]
            span = f", {names[0]} or {names[1]} to {names[-1]}, with a weight as in {names[1]}:0.5"
            return list[str], span, lambda: _texts(knob.to_text(value).split(","), label)
    raise NotImplementedError(type(knob))


def _texts(value: list[str], label: str) -> Component:
    """Return an input for a list of any texts."""
    component = gr.Dropdown(value, value=value, multiselect=True, label=label)
    tell_programs(component, {"type": "array", "items": {"type": "string"}})
    return component
