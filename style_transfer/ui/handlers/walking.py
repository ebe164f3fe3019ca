"""Walking through the previews of a run, by the slider of the timeline."""

from style_transfer.checks import whole_number
from style_transfer.ui.http.calls import Values, by_elem_id, or_error_on_page
from style_transfer.ui.session.session import Session


def walk(session: Session, values: Values) -> None:
    """Show the preview that the slider was moved to, unless that is known; raises gr.Error.

    Not where the slider walked through another run, or has been moved again since: calls may come
    late. Where it stands at its end the newest is followed, though more came meanwhile.
    """
    at, last, walks = (index(values, "timeline", key) for key in ("at", "last", "walks"))
    is_newest, session.walks = walks > session.walks, max(walks, session.walks)
    record, walked_through = session.selected, by_elem_id(values)["timeline"].get("run")
    if is_newest and record and record.previews and walked_through == record.name:
        at = len(record.previews) - 1 if at >= last else min(at, len(record.previews) - 1)
        session.select(record, record.previews[at])


def index(values: Values, elem_id: str, key: str) -> int:
    """Return the whole number, 0 or above, that a widget sent under `key`; or raises gr.Error."""
    value = by_elem_id(values)[elem_id]
    number = value.get(key) if isinstance(value, dict) else None
    found: int = or_error_on_page(whole_number, key, number, 0, 2**31)
    return found
