"""Painting: a run takes its place in the line, and its page shows it until it ends."""

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from typing import Any

from style_transfer.runs import HEARTBEAT, Run
from style_transfer.ui.http.calls import or_error_on_page
from style_transfer.ui.panels.view import view
from style_transfer.ui.service import SERVICE
from style_transfer.ui.session.record import Record
from style_transfer.ui.session.session import ABSENCE, Session

PACE = 0.4  # s from one frame that is kept, and sent, to the next, where no knob was moved
PACE_HERE = 1.2  # s from one sent to the next, to a browser that draws on the cores that paint,
LIVELY = 5.0  # s after the start and after what was moved last
REMINDER = 5.0  # s; only with a word now and then Gradio notices that nobody listens

View = dict[str, Any]


def paint(session: Session, begin: Callable[[], tuple[Record, Run]]) -> Iterator[View]:
    """Wait for a place, begin a run and yield the view until it ends; the run before it ends."""
    last: View = {}
    with closing(_paint(session, begin)) as views:
        for each in views:
            # What a page shows already costs as much to send as something new.
            if each | {"time": 0} != last | {"time": 0} or each["time"] - last["time"] > REMINDER:
                last = each
                yield each


def _paint(
    session: Session, begin: Callable[[], tuple[Record, Run]]
) -> Generator[View, None, None]:
    session.stop()
    SERVICE.admission.leave(session.ticket)  # its own run, which ends, must not keep it out
    session.ticket = ticket = or_error_on_page(SERVICE.admission.join)
    run = None
    try:
        while session.ticket is ticket and (before := SERVICE.admission.ahead(ticket)):
            session.before = before
            yield view(session)
            SERVICE.admission.wait(ticket, HEARTBEAT)
            if session.absent > ABSENCE:
                return
        if session.ticket is ticket:
            session.before = 0
            record, run = begin()
            session.begin(record, run)
            yield from _watch(session, ticket, record, run)
        elif session.ticket is None and not session.closed:  # the visitor left the line
            yield view(session)
    finally:  # also where the page is gone; never wait here, Gradio calls it on its event loop
        if run:
            run.stop()
        SERVICE.admission.leave(ticket)
        session.give_back(ticket)


def _watch(session: Session, ticket: object, record: Record, run: Run) -> Iterator[View]:
    kept = sent = moved = 0.0
    shared = session.here and SERVICE.executor.device == "cpu"
    for frame in run.frames():
        if session.closed or session.absent > ABSENCE:
            return
        if frame is not None and frame is not record.last:
            if record.last is None or frame.settings != record.last.settings:
                moved = time.monotonic()
            else:
                time.sleep(max(0.0, kept + PACE - time.monotonic()))
            newest, kept = run.frame or frame, time.monotonic()  # a newer one may have come
            preview = run.ended or newest.step % run.preview_every == 0
            try:
                record.add(newest if preview else frame)
            except OSError as error:  # a full disk, or a folder that went with its page
                session.notice = f"Previews cannot be kept ({error.strerror or error})."
        if run.ended:
            session.give_back(ticket)
            record.forget()
        now = time.monotonic()
        thrifty = shared and now > moved + LIVELY and not (run.ended or run.paused)
        if session.run is run and not session.closed and now >= sent + PACE_HERE * thrifty:
            sent = now
            yield view(session)
