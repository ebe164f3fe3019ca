"""Files to take home, and settings that come back from them or from a link."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import gradio as gr
import torch
from torch import Tensor

from style_transfer.images import DEPTHS, PICTURE_FORMATS, TIMELAPSE_FORMATS, color_named
from style_transfer.links import strokes_to_query, to_query
from style_transfer.settings import Settings
from style_transfer.ui.http.frames import PREVIEW_SIDE
from style_transfer.ui.panels.panel import Panel, widget
from style_transfer.ui.session.session import Session
from style_transfer.ui.session.timeline import JPEG_QUALITY


@dataclass(frozen=True)
class PictureKind:
    """A kind of picture file."""

    suffix: str
    depth: int = DEPTHS[0]  # bits a channel


_PLAIN = {each.label: PictureKind(suffix) for suffix, each in PICTURE_FORMATS.items() if each.label}
PICTURES = _PLAIN | {"PNG, 16 bits a channel": PictureKind(".png", 16)}
TIMELAPSES = {each.label: suffix for suffix, each in TIMELAPSE_FORMATS.items()}
SETTINGS = "Settings file"
KINDS = [*PICTURES, *TIMELAPSES, SETTINGS]
_LINK = """<a href="?">Link with these settings</a>
<button type="button">Copy</button><span role="status"></span><small></small>"""
_EXACT = (
    "<p>The newest picture of a run is taken as it is, to the last bit; those you walked back to "
    f"are kept as JPEG of quality {JPEG_QUALITY} and {PREVIEW_SIDE} px at most.</p>"
)
BACKGROUND_ID = "background"
_BACKGROUND = """<div class="choice" hidden>
<label><input type="checkbox">Keep what is transparent</label>
<label>or lay it on <input type="color"></label></div>"""


def build() -> None:
    """Place the choice of a file, the link and the way back."""
    with gr.Column(min_width=300, elem_id="take-home"):
        gr.HTML("<h2>Take home</h2>")
        gr.Dropdown(
            KINDS, value=KINDS[0], label="File of the picture on the canvas", elem_id="kind"
        )
        with gr.Row(visible=False, elem_id="film"):
            gr.Number(6, label="Length in seconds", elem_id="seconds")
            gr.Number(1.5, label="Hold at the end", elem_id="hold")
        widget(BACKGROUND_ID, _BACKGROUND, {"keep": True, "color": "#ffffff"})
        gr.Button("Make the file", size="md", elem_id="export")
        gr.File(label="Your file", interactive=False, height=70, elem_id="exported")
        gr.HTML(_EXACT, elem_id="exact")
        widget("link", _LINK, to_query(Settings()))
        with gr.Column(elem_id="drop"):
            gr.UploadButton(
                "Bring settings back from a file",
                file_types=[".png", ".jpg", ".jpeg", ".webp", ".json"],
                size="md",
                elem_id="restore",
            )
            gr.HTML("<p>Or drop a picture made here, anywhere but on photo and styles.</p>")


def chosen_background(value: Any) -> tuple[bool, Tensor]:
    """Return what is in the value of the background: whether to keep it, and the colour (3,).

    Raises ValueError, one sentence, for any other value.
    """
    if not isinstance(value, Mapping) or not isinstance(value.get("color"), str):
        raise ValueError("The background is kept, or laid on a colour.")
    return value.get("keep") is True, torch.tensor(color_named(value["color"]))


def value(session: Session) -> dict[str, Any]:
    """Return what the link has of the strokes on the picture, or to come on the first one, a
    sentence where they lack, and whether its photo has anything transparent."""
    strokes = session.preview.strokes if session.preview else session.strokes_to_come
    linked = strokes_to_query(strokes)
    lacks = bool(strokes) and not linked
    record = session.selected
    return {
        "strokes": linked,
        "words": "Its strokes are too long for a link; files have them." if lacks else "",
        "transparent": record is not None and record.inputs.opacity is not None,
    }


PANEL = Panel("take-home", build, value)
