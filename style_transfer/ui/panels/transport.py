"""The transport: the buttons that start, pause, stop, branch and continue a run."""

from typing import Any

import gradio as gr

from style_transfer.ui.panels.panel import Panel
from style_transfer.ui.session.session import Session

STEPS_AFTER_CHANGE = 30  # enough for most changes; the loss falls for longer


def build() -> None:
    """Place the buttons."""
    with gr.Row(elem_id="transport"):
        gr.Button("Start", variant="primary", elem_id="start")
        gr.Button("Pause", interactive=False, elem_id="pause")
        gr.Button("Stop", interactive=False, elem_id="stop")
        gr.Button("Branch from here", interactive=False, elem_id="branch")
        gr.Button("Continue for", interactive=False, elem_id="continue")
        gr.Number(
            STEPS_AFTER_CHANGE,  # without a minimum, see `panel`
            label="steps to continue for, and to make at least after a change",
            elem_id="more",
            container=False,
        )
        gr.Button("Paint what was changed", elem_id="wake")  # pressed by view.js alone


def value(session: Session) -> dict[str, Any]:
    """Return which buttons are enabled, the labels of those that have several, and whether the
    picture is to be woken."""
    run, record = session.run, session.selected
    running = session.is_busy and run is not None and not run.ended
    idle = not session.is_busy
    has_preview = session.preview is not None
    at_rest = session.at_rest
    enabled = {
        "start": session.may_start,
        "pause": running,
        "stop": session.is_busy or at_rest is not None,
        "continue": idle and record is not None and record.last_frame is not None,
        "branch": has_preview,
        "restart": has_preview,
    }
    labels = {
        "pause": "Resume" if running and run and run.paused else "Pause",
        "stop": "Leave the queue" if session.ahead else "Stop",
    }
    wake = at_rest is not None and at_rest.is_changed
    return {"enabled": enabled, "labels": labels, "wake": wake}


PANEL = Panel("transport", build, value)
