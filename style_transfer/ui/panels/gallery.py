"""The gallery: the runs of the page, two pictures compared, and what can be taken home."""

import gradio as gr

from style_transfer.ui import example
from style_transfer.ui.handlers import downloads
from style_transfer.ui.panels.component import widget
from style_transfer.ui.panels.status import NO_RUNS
from style_transfer.ui.session.timeline import JPEG_QUALITY

_RUNS = f'<p role="status">{NO_RUNS}</p><div></div>'
_PAIR = """<div class="pair"><img class="right" src="" alt=""><img class="left" src="" alt=""></div>
<input type="range" min="0" max="100" value="50" aria-label="How much of the left picture is seen">
<div class="choice"><select aria-label="Left picture"></select>
<select aria-label="Right picture"></select></div>"""
_LINK = """<a href="?${value}">Link with these settings</a>
<button type="button">Copy</button><span role="status"></span>"""
_EXACT = (
    "<p>The newest picture of a run is taken as it is, to the last bit; those you walked back to "
    f"are kept as JPEG of quality {JPEG_QUALITY}.</p>"
)


def build() -> None:
    """Place the three columns."""
    with gr.Column(min_width=300, elem_id="runs-column"):
        gr.HTML("<h2>Runs of this page</h2>")
        widget("runs", _RUNS, {"chosen": 0})
    with gr.Column(min_width=300, elem_id="compare-column"):
        gr.HTML("<h2>Compare</h2>")
        widget("compare", _PAIR, example.PAIR)
    with gr.Column(min_width=300, elem_id="take-home"):
        gr.HTML("<h2>Take home</h2>")
        _take_home()


def _take_home() -> None:
    gr.Dropdown(
        downloads.CHOICES,
        value=downloads.CHOICES[0],
        label="What, of the picture on the canvas",
        elem_id="kind",
    )
    with gr.Row(visible=False, elem_id="film"):
        gr.Number(6, minimum=0.1, label="Length in seconds", elem_id="seconds")
        gr.Number(1.5, minimum=0, label="Hold at the end", elem_id="hold")
    gr.Button("Make the file", elem_id="export")
    gr.File(label="Your file", interactive=False, height=70, elem_id="exported")
    gr.HTML(_EXACT, elem_id="exact")
    widget("link", _LINK, "")
    with gr.Column(elem_id="drop"):
        gr.UploadButton(
            "Bring settings back from a file",
            file_types=[".png", ".jpg", ".jpeg", ".webp", ".json"],
            size="sm",
            elem_id="restore",
        )
        gr.HTML("<p>or drop a picture that was made here anywhere on the page.</p>")
