"""The easel: the canvas, what moves it through time, and what is said and drawn of the run."""

import gradio as gr

from style_transfer.ui import example
from style_transfer.ui.panels import loss_chart
from style_transfer.ui.panels.component import widget
from style_transfer.ui.panels.status import WELCOME

_CANVAS = '<img src="{src}" alt="{alt}">'.format(**example.CANVAS)
_INTERRUPTED = """{{#if value.step}}<p role="status">A run of yours was interrupted.
<button type="button">Continue the run that was interrupted at step {{value.step}}</button></p>
{{/if}}"""
_TIMELINE = """<input type="range" min="0" max="0" step="1" disabled
aria-label="Timeline: walk through the pictures of this run"><output></output>"""
_FIGURES = '<svg class="figures" role="img" aria-label="{title}">{content}</svg>'
_STATUS = f"""<div role="progressbar" aria-label="Steps" aria-valuemin="0" aria-valuemax="1"
aria-valuenow="0"><span></span></div>
<p class="state"><strong></strong><span>{WELCOME}</span></p><p class="news" role="status">&nbsp;</p>
<p class="unseen" role="status" aria-live="polite"></p>"""


def build() -> None:
    """Place them. All of them but the buttons show what "view" has for them."""
    widget("view")
    widget("live-image", _CANVAS, example.CANVAS, "canvas")
    widget("interrupted", _INTERRUPTED, {"token": "", "step": 0, "asked": False})
    widget("timeline", _TIMELINE, {"at": 0})
    with gr.Row(elem_id="transport"):
        gr.Button("Start", variant="primary", elem_id="start")
        gr.Button("Pause", interactive=False, elem_id="pause")
        gr.Button("Stop", interactive=False, elem_id="stop")
        gr.Button("Branch from here", interactive=False, elem_id="branch")
        gr.Button("Continue for", interactive=False, elem_id="continue")
        gr.Number(50, precision=0, minimum=1, label="more steps", elem_id="more", container=False)
    widget("status", _STATUS)
    widget("figures", _FIGURES.format(**loss_chart.draw(None)))
