"""The transport: the buttons that start, pause, stop, branch and continue a run."""

from typing import Any

import gradio as gr

from style_transfer.ui.panels.panel import Panel
from style_transfer.ui.session.session import Session


def build() -> None:
    """Place the buttons."""
    with gr.Row(elem_id="transport"):
        gr.Button("Start", variant="primary", elem_id="start")
        gr.Button("Pause", interactive=False, elem_id="pause")
        gr.Button("Stop", interactive=False, elem_id="stop")
        gr.Button("Branch from here", interactive=False, elem_id="branch")
        gr.Button("Continue for", interactive=False, elem_id="continue")
        gr.Number(50, precision=0, minimum=1, label="more steps", elem_id="more", container=False)


def value(session: Session) -> dict[str, Any]:
    """Return which buttons are enabled, and the labels of those that have several."""
    run, record = session.run, session.selected
    running = session.is_busy and run is not None and not run.ended
    at_rest = not session.is_busy and record is not None and record.last_frame is not None
    has_preview = session.preview is not None
    enabled = {
        "start": not session.is_busy,
        "pause": running,
        "stop": session.is_busy,
        "continue": at_rest,
        "branch": has_preview,
        "restart": has_preview,
    }
    labels = {
        "pause": "Resume" if running and run and run.paused else "Pause",
        "stop": "Leave the queue" if session.ahead else "Stop",
    }
    return {"enabled": enabled, "labels": labels}


PANEL = Panel("transport", build, value)
