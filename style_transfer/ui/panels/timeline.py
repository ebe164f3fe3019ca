"""The timeline: a slider through the previews of the selected run."""

from dataclasses import replace
from typing import Any

from style_transfer.settings import Settings, describe
from style_transfer.ui.panels.panel import Panel, widget
from style_transfer.ui.session.session import Session

_HTML = """<input type="range" min="0" max="0" step="1" disabled
aria-label="Timeline: walk through the pictures of this run"><output></output>"""

NOT_MOVED = {"run": "", "at": 0, "last": 0, "walks": 0}


def build() -> None:
    """Place the slider."""
    widget("timeline", _HTML, NOT_MOVED)


def value(session: Session) -> dict[str, Any]:
    """Return the index of the last preview and of the one shown, its settings in words, its run,
    and the newest move of the slider that is known."""
    record, preview, walks = session.selected, session.preview, session.walks
    if record is None or preview is None:
        return {"run": "", "last": -1, "at": 0, "text": "", "walks": walks}
    previews = record.previews
    at = previews.index(preview) if preview in previews else record.timeline.nearest(preview.step)
    # How many steps were asked for says nothing of this picture.
    settings = describe(replace(preview.settings, steps=Settings().steps)) or "default settings"
    text = f"{record.name}, step {preview.step}: {settings}"
    last = len(previews) - 1
    return {"run": record.name, "last": last, "at": at, "text": text, "walks": walks}


PANEL = Panel("timeline", build, value)
