"""Touching the picture: strokes of a page go to its run, or wake its picture that rests."""

from typing import Any

import gradio as gr

from style_transfer.engine import Stroke, newest_number
from style_transfer.ui.handlers.inputs import steps_after_change
from style_transfer.ui.http.calls import Values, by_elem_id, session_key, shorten
from style_transfer.ui.panels.layout import view
from style_transfer.ui.session.sessions import PageContext

MAX_SENT = 64  # strokes in one call


class BrushHandlers:
    """Handlers that answer at once."""

    def __init__(self, context: PageContext) -> None:
        self._sessions = context.sessions

    def touch(self, values: Values, request: gr.Request) -> tuple[dict[str, Any], Any]:
        """Give strokes to the run. Those that it has had already, by their numbers, are left out.

        Returns up to which number they have arrived and why they were refused, "" where they were
        not, and the view where it changes without a step.
        """
        session, named = self._sessions.find(session_key(request)), by_elem_id(values)
        arrived, refusal = 0, ""
        try:
            strokes = _strokes(named["brushes"])
            arrived, more = newest_number(strokes), steps_after_change(named)
            with session.steering_lock:
                record = session.painted
                if record is None or record.last_frame is None:
                    raise ValueError("There is no picture that can be touched; press Start first.")
                record.steps_after_change = more
                record.touch(strokes)
            session.notice = ""
        except ValueError as error:
            refusal = session.notice = shorten(str(error))
        shown = gr.skip() if session.is_busy else view(session)
        return {"arrived": arrived, "refusal": refusal}, shown


def _strokes(value: Any) -> list[Stroke]:
    """Return the strokes that a page sent. Raises ValueError, one sentence."""
    sent = value.get("strokes") if isinstance(value, dict) else None
    if not isinstance(sent, list) or len(sent) > MAX_SENT:
        raise ValueError(f"A page sends a list of at most {MAX_SENT} strokes.")
    return [Stroke.from_dict(each) for each in sent]
