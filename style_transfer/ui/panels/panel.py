"""Panels, the parts of the page, and widgets: components of our own, moved by scripts of static/.

A panel is listed in layout.py. It may show something of the session: then its `value` is part of
the view, the one value that is sent to a page whenever something has changed, under its name. The
script static/NAME.js of its widget hears of it as the "view" event of the document.

Numbers of Gradio have neither minimum nor precision here: it would refuse a value beyond them in
each call that is sent it beside others, without a word, and round what is to be refused.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from style_transfer.ui.http.gradio_internals import file_url
from style_transfer.ui.session.record import RunRecord
from style_transfer.ui.session.session import Session
from style_transfer.ui.session.timeline import Preview

STATIC = Path(__file__).parents[1] / "static"


@dataclass(frozen=True)
class Panel:
    """A part of the page."""

    name: str  # elem_id of its widget, or of what encloses it
    build: Callable[[], object]  # places its components
    value: Callable[[Session], Any] | None = None  # what it shows of a session, as plain data


def mask_url(session: Session, record: RunRecord, preview: Preview) -> str:
    """Return the address of a picture that is as transparent as the photo of a preview, "" for an
    opaque one."""
    opacity = record.inputs.opacity
    if opacity is None or preview.origin.source != record.inputs.source:
        return ""
    return file_url(session.pictures.save_opacity(opacity))


def widget(
    elem_id: str, html: str = "", value: Any = None, script: str | Sequence[str] = ""
) -> gr.HTML:
    """Place a component; its script, by default of its own name, has `value` to begin with.

    Several scripts are one function, in which the later ones see what the earlier ones declare.
    Gradio renders the HTML anew only where the template changes, which leaves what the script made
    of it alone.
    """
    names = [script or elem_id] if isinstance(script, str) else script
    scripts = [(STATIC / f"{name}.js").read_text(encoding="utf-8") for name in names]
    return gr.HTML(
        value,
        html_template=html,
        js_on_load="\n".join(scripts),
        elem_id=elem_id,
        elem_classes=[] if html else ["without-html"],  # takes no room, nor a gap of its column
        apply_default_css=False,
    )
