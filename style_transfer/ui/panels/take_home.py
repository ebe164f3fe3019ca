"""Files to take home, and settings that come back from them or from a link."""

import gradio as gr

from style_transfer.images import FILM_FORMATS, PICTURE_FORMATS
from style_transfer.recipe import strokes_to_query
from style_transfer.ui.panels.panel import Panel, widget
from style_transfer.ui.session.session import Session
from style_transfer.ui.session.timeline import JPEG_QUALITY

PICTURES = {each.label: suffix for suffix, each in PICTURE_FORMATS.items() if each.label}
FILMS = {each.label: suffix for suffix, each in FILM_FORMATS.items()}
SETTINGS = "Settings file"
KINDS = [*PICTURES, *FILMS, SETTINGS]
_LINK = """<a href="?">Link with these settings</a>
<button type="button">Copy</button><span role="status"></span><small></small>"""
_EXACT = (
    "<p>The newest picture of a run is taken as it is, to the last bit; those you walked back to "
    f"are kept as JPEG of quality {JPEG_QUALITY}.</p>"
)


def build() -> None:
    """Place the choice of a file, the link and the way back."""
    with gr.Column(min_width=300, elem_id="take-home"):
        gr.HTML("<h2>Take home</h2>")
        gr.Dropdown(
            KINDS, value=KINDS[0], label="What, of the picture on the canvas", elem_id="kind"
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


def value(session: Session) -> dict[str, str]:
    """Return what the link has of the strokes on the picture, and a sentence where they lack."""
    strokes = session.preview.strokes if session.preview else ()
    linked = strokes_to_query(strokes)
    lacks = bool(strokes) and not linked
    return {
        "strokes": linked,
        "words": "Its strokes are too long for a link; files have them." if lacks else "",
    }


PANEL = Panel("take-home", build, value)
