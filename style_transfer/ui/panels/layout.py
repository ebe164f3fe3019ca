"""The layout: all panels of the page, column by column. A new panel is listed here, once."""

import time
from dataclasses import dataclass
from typing import Any

import gradio as gr

from style_transfer.ui.panels import (
    brushes,
    canvas,
    compare,
    controls,
    inputs,
    inside,
    interrupted,
    loss_chart,
    mask,
    places,
    runs,
    start_options,
    status,
    take_home,
    timeline,
    transport,
)
from style_transfer.ui.panels.panel import Panel, widget
from style_transfer.ui.session.session import Session

_TITLE = (
    "<h1>Style transfer you steer</h1>"
    "<p>Watch a photo turn into a painting, and move the knobs while it forms.</p>"
)

_BEGAN = time.time() - time.monotonic()  # s; so that views of a later server are newer


@dataclass(frozen=True)
class Column:
    """Panels from top to bottom; page.css says how narrow it may be."""

    elem_id: str
    scale: int  # share of the width
    panels: tuple[Panel, ...]


STUDIO = (  # from left to right
    Column("pictures", 3, (inputs.PANEL, mask.PANEL)),
    Column(
        "canvas-column",
        8,
        (
            canvas.PANEL,
            brushes.PANEL,
            places.PANEL,
            interrupted.PANEL,
            timeline.PANEL,
            transport.PANEL,
            status.PANEL,
            loss_chart.PANEL,
        ),
    ),
    Column("knobs", 3, (Panel("settings", controls.build), start_options.PANEL)),
)
GALLERY = (runs.PANEL, compare.PANEL, take_home.PANEL)  # below, from left to right
PANELS = (*(panel for column in STUDIO for panel in column.panels), inside.PANEL, *GALLERY)


def build() -> None:
    """Place all panels, and the scripts that belong to none."""
    gr.HTML(_TITLE, elem_id="title")
    widget("view", script=("focus", "view"))
    for script in ("accessible-names", "idle-frames", "files", "menus"):
        widget(script)
    with gr.Row(elem_id="studio"):
        for column in STUDIO:
            with gr.Column(scale=column.scale, elem_id=column.elem_id):
                for panel in column.panels:
                    panel.build()
    inside.PANEL.build()
    with gr.Row(elem_id="gallery"):
        for panel in GALLERY:
            panel.build()


def view(session: Session) -> dict[str, Any]:
    """Return all that the page shows of a session, by the name of the panel that shows it.

    One value for one component: what Gradio does for each component at each frame slows the run.
    """
    # Answers may overtake each other; the newest counts. Not the time of the end: what was changed
    # meanwhile, by another thread that shows it at once, may not be in this one.
    now = _BEGAN + time.monotonic()  # a clock that is set back would freeze the page
    return {"time": now} | {panel.name: panel.value(session) for panel in PANELS if panel.value}
