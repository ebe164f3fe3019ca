"""Two pictures compared, one upon the other."""

import gradio as gr

from style_transfer.ui import example
from style_transfer.ui.http.gradio_internals import file_url
from style_transfer.ui.panels.panel import Panel, mask_url, widget
from style_transfer.ui.session.record import RunRecord
from style_transfer.ui.session.session import Session

_HTML = """<div class="pair"><img class="right" src="" alt=""><img class="left" src="" alt=""></div>
<input type="range" min="0" max="100" value="50" aria-label="How much of the left picture is seen">
<div class="choice"><select aria-label="Left picture"></select>
<select aria-label="Right picture"></select></div>"""


def build() -> None:
    """Place the pictures and their choice."""
    with gr.Column(min_width=300, elem_id="compare-column"):
        gr.HTML("<h2>Compare</h2>")
        widget("compare", _HTML, example.PAIR)


def value(session: Session) -> list[dict[str, str]]:
    """Return the pictures to choose from, each with name, address, and that of its mask."""
    if session.selected is None or session.preview is None:
        return example.PAIR
    record, preview = session.selected, session.preview
    mask = mask_url(session, record, preview)
    photo = {"name": "Photo", "src": file_url(preview.content_file), "mask": mask}
    shown = {"name": "Picture shown", "src": file_url(preview.shown_file), "mask": mask}
    runs = [_newest(session, each) for each in session.records if each.previews]
    return [photo, shown, *runs]


def _newest(session: Session, record: RunRecord) -> dict[str, str]:
    preview = record.previews[-1]
    mask = mask_url(session, record, preview)
    return {"name": record.name, "src": file_url(preview.shown_file), "mask": mask}


PANEL = Panel("compare", build, value)
