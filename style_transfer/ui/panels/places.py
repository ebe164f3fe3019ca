"""Places of the paintings that parts of the picture are painted like: to pick, and those picked."""

from contextlib import suppress
from typing import Any

from style_transfer.engine import local_styles
from style_transfer.ui.http.gradio_internals import file_url
from style_transfer.ui.panels.panel import Panel, widget
from style_transfer.ui.session.session import Session

_HTML = """
<section hidden aria-label="Like this, here">
<div class="painting" tabindex="0" role="application"
aria-label="A place of the painting. Arrow keys move it.">
<img alt="" draggable="false"><i class="ring"></i></div>
<div class="beside">
<p>Pick a place in the painting, then brush over what is to be painted like it.</p>
<div class="of"><label class="which">Painting <select></select></label>
<label>Place <input type="range" name="place" min="3" max="40" value="12"></label></div>
<p class="title" id="places-title" hidden>Like this, here</p>
<ul aria-labelledby="places-title"></ul>
</div></section>
<p class="hidden" role="status"></p>
"""


def build() -> None:
    """Place the painting, shown with its brush alone, and the list."""
    widget("places", _HTML)


def value(session: Session) -> dict[str, Any]:
    """Return addresses of the paintings of the picture that can be touched, and what is like them.

    Each entry of "picked" has the number of the painting, the place, and how many strokes.
    """
    if (record := session.touched) is None:
        return {"paintings": [], "picked": []}
    paintings = list[str]()
    with suppress(OSError):  # a full disk, which the status tells of
        paintings = [
            file_url(file) for file in session.pictures.painting_files(record.inputs.styles.images)
        ]
    picked = [
        {"style": each.style, "place": each.place, "count": len(each.strokes)}
        for each in local_styles(record.strokes_made)
    ]
    return {"paintings": paintings, "picked": picked}


PANEL = Panel("places", build, value)
