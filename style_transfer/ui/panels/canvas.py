"""The canvas: the newest picture of the selected run, or the preview that was walked back to.

Where a run makes frames faster than views are sent, its page fetches them itself.
"""

from typing import Any
from urllib.parse import urlencode

from style_transfer.engine import newest_number
from style_transfer.ui import example
from style_transfer.ui.http.frames import PATH
from style_transfer.ui.http.gradio_internals import file_url
from style_transfer.ui.panels.panel import Panel, mask_url, widget
from style_transfer.ui.session.record import RunRecord
from style_transfer.ui.session.session import Session
from style_transfer.ui.session.timeline import Preview

FAST = 3.0  # frames a second; slower ones come with the views in time

_HTML = (
    '<img src="{src}" alt="{alt}"><canvas width="1" height="1" role="application" '
    'aria-label="The picture, to be touched with a brush. Arrow keys move it, the space bar puts '
    'it down and lifts it, Escape takes the stroke back."></canvas>'
    '<i class="ring" hidden></i><i class="source" hidden></i>'
).format(**example.CANVAS)


def build() -> None:
    """Place the canvas."""
    widget("canvas", _HTML, example.CANVAS)


def value(session: Session) -> dict[str, Any]:
    """Return address and description of the picture, that of its mask, the number of the newest
    stroke in it, and the address of newer ones, "" for none."""
    record, preview = session.selected, session.preview
    if record and preview:
        session.canvas = _picture(record, preview) | {"mask": mask_url(session, record, preview)}
    stroke = newest_number(preview.strokes) if preview else 0
    return session.canvas | {"stroke": stroke, "frames": _frames(session)}


def _frames(session: Session) -> str:
    """Return the address of frames, another one for each run: those of the run before, which come
    late, are told by it."""
    record = session.selected
    if record is None or not _is_fast(session):
        return ""
    return f"{PATH}/{session.key}?{urlencode({'run': record.short_name})}"


def _is_fast(session: Session) -> bool:
    run = session.run
    if run is None or not session.shows_newest or session.is_sparing:
        return False
    return run.steps_per_second / run.preview_every > FAST


def _picture(record: RunRecord, preview: Preview) -> dict[str, str]:
    recipe = record.recipe(preview)
    words = f"{recipe.photo} painted like {recipe.style}, {record.name}, after step {preview.step}"
    return {"src": file_url(preview.shown_file), "alt": words}


PANEL = Panel("canvas", build, value)
