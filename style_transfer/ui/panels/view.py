"""The view: all that a page shows of its session, as one value that its scripts draw."""

import time
from typing import Any

from style_transfer.ui import example
from style_transfer.ui.panels import loss_chart, status
from style_transfer.ui.session.record import Record
from style_transfer.ui.session.session import Session


def view(session: Session) -> dict[str, Any]:
    """Return what is shown now, as plain data, by the elem_id of what shows it.

    One value for one component: what Gradio does for each, at each frame, is taken from the run.
    """
    record, moment = session.shown, session.moment
    if record and moment:
        session.canvas = status.picture(record, moment)
    return {
        "time": time.time(),  # answers may overtake each other; the newest counts
        "live-image": session.canvas,
        "status": status.status(session),
        "timeline": timeline(session),
        "figures": loss_chart.draw(record, moment),
        "runs": {
            "list": [_thumbnail(session, each) for each in session.records],
            "words": status.runs_words(session),
        },
        "compare": _comparable(session),
        "transport": _transport(session),
    }


def timeline(session: Session) -> dict[str, Any]:
    """Return the slider's value: how many moments, at which it is, and what made that one."""
    record, moment = session.shown, session.moment
    if record is None or moment is None:
        return {"last": -1, "at": 0, "text": ""}
    moments = record.moments
    at = moments.index(moment) if moment in moments else record.timeline.nearest(moment.step)
    text = f"{record.name}, {status.moment_words(moment)}"
    return {"last": len(moments) - 1, "at": at, "text": text}


def _thumbnail(session: Session, record: Record) -> dict[str, Any]:
    newest = record.moments[-1] if record.moments else None
    return {
        "name": record.name,
        "src": status.address(newest.seen) if newest else "",
        "words": f"step {newest.step}" if newest else "",
        "pressed": record is session.shown,
    }


def _comparable(session: Session) -> list[dict[str, str]]:
    if session.shown is None or session.moment is None:
        return example.PAIR
    photo = {"name": "Photo", "src": status.address(session.shown.source.photo)}
    shown = {"name": "Picture shown", "src": status.address(session.moment.seen)}
    runs = [
        {"name": record.name, "src": status.address(record.moments[-1].seen)}
        for record in session.records
        if record.moments
    ]
    return [photo, shown, *runs]


def _transport(session: Session) -> dict[str, Any]:
    """Return which buttons make sense, and the words on those that have several."""
    run = session.run
    painting = session.going and run is not None and not run.ended
    resting = not session.going and session.shown is not None and session.shown.last is not None
    seen = session.moment is not None
    sensible = {
        "start": not session.going,
        "pause": painting,
        "stop": session.going,
        "continue": resting,
        "branch": seen,
        "restart": seen,
    }
    return {
        "sensible": sensible,
        "words": {
            "pause": "Resume" if painting and run and run.paused else "Pause",
            "stop": "Leave the queue" if session.before else "Stop",
        },
    }
