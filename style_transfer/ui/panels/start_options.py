"""The size, which acts at once like the knobs, and what acts from the next start: first image,
optimiser, network."""

from collections.abc import Mapping
from typing import Any

import gradio as gr

from style_transfer.checks import whole_number
from style_transfer.engine import INITS, OPTIMIZERS, default_size
from style_transfer.images import MIN_SIDE
from style_transfer.knobs import Switch, WholeNumber
from style_transfer.network import NETWORKS
from style_transfer.recipe import MAX_SIZE
from style_transfer.ui.panels.knob_html import knob_html, number_html
from style_transfer.ui.panels.panel import Panel, widget

SIZE_ID = "size"  # its value has both of these
SIZE = WholeNumber(
    label="Size",
    help="longer side in pixels",
    ends=("sketch", "print"),
    low=128,
    high=2048,  # until the page is told what the machine can do
    most=MAX_SIZE,
    grain=32,
    power=2,
)
ENLARGE = Switch(label="Enlarge a smaller photo", help="whether a smaller photo is enlarged to it")
ESTIMATE_ID = "estimate"
# Writes the number of a call into the value of the estimate, which is sent with it: Gradio may send
# two calls at once, which may overtake each other, as their answers may.
NUMBER_ESTIMATE = """(...values) => {
    const call = (window.estimateCalls = (window.estimateCalls ?? 0) + 1);
    return values.map((value) => (Object(value).call === undefined ? value : { ...value, call }));
}"""
START_OPTION_IDS = ("seed", "init", "optimizer", "network")


def build() -> None:
    """Place the size with the estimate of what a run takes, and the others in a frame."""
    optimizers, side = list(OPTIMIZERS), default_size()
    html = number_html(SIZE, "longer-side", "px", side, MIN_SIDE)
    html += knob_html(ENLARGE, "enlarge", False)
    widget(SIZE_ID, html, size_value(side, False), script=("focus", "knob", "size"))
    widget(ESTIMATE_ID, "<p></p>", estimate_value(""))
    with gr.Column(elem_id="start-options"):  # a group of Gradio would be there twice
        with gr.Accordion("First image, optimiser, network", open=False, elem_id="expert"):
            gr.Dropdown(list(INITS), value=INITS[0], label="First image", elem_id="init")
            gr.Number(0, label="Seed of the noise", elem_id="seed")
            gr.Dropdown(optimizers, value=optimizers[0], label="Optimiser", elem_id="optimizer")
            gr.Dropdown(list(NETWORKS), value=NETWORKS[0], label="Network", elem_id="network")
        gr.HTML("<p>These act from the next start.</p>", elem_id="start-words")
        gr.Button(
            "Restart from the picture as it is now", interactive=False, size="sm", elem_id="restart"
        )


def size_value(side: int, enlarge: bool) -> dict[str, Any]:
    """Return the value of the size's component."""
    return {"size": side, "enlarge": enlarge}


def chosen_size(value: Any) -> dict[str, Any]:
    """Return the fields of a recipe in the value of the size's component.

    Raises ValueError, one sentence, for one that no picture can have.
    """
    if not isinstance(value, Mapping) or value.keys() != {"size", "enlarge"}:
        raise ValueError("The size has a longer side, and whether a photo is enlarged to it.")
    side = whole_number(SIZE.label, value["size"], MIN_SIDE, MAX_SIZE)
    return size_value(side, ENLARGE.check(ENLARGE.label, value["enlarge"]))


def estimate_value(words: str, largest: int = 0) -> dict[str, Any]:
    """Return the value of the estimate's component.

    It has a sentence, the longer side in px at which the size's slider ends, 0 for as before, the
    query of the link, "" for as before, and the number of the page's call that it answers.
    """
    return {"words": words, "largest": largest, "link": "", "call": 0}


def call_number(value: Any) -> int:
    """Return the number of a call, from the value of the estimate's component; 0 without one."""
    number = value.get("call") if isinstance(value, Mapping) else None
    return number if isinstance(number, int) else 0


PANEL = Panel("start-options", build)
