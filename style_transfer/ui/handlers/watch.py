"""Following a run: it takes its place in the admission queue, and its page shows it to the end."""

import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, suppress
from typing import Any

from style_transfer.engine import Frame
from style_transfer.runs import HEARTBEAT, SERVER_ENDS, Run
from style_transfer.ui.handlers.inputs import use_knobs
from style_transfer.ui.http.calls import or_error_on_page, shorten
from style_transfer.ui.panels.layout import view
from style_transfer.ui.session.pending_run import PendingRun
from style_transfer.ui.session.queue_place import QueuePlace
from style_transfer.ui.session.record import RunRecord
from style_transfer.ui.session.session import Session
from style_transfer.ui.session.sessions import PageContext

PREVIEW_INTERVAL = 0.4  # s from one preview to the next, while no knob is moved
# A browser on this machine competes with the run for its cores, so views are sent less often:
LOCAL_INTERVAL = 1.2  # s between two views
LIVELY = 5.0  # s after the start or a change in which they are sent at full rate
# A page that fetches frames beside the views needs these for the words and curves alone:
FETCHING_INTERVAL = 0.8  # s between two views
FETCHED = 1.0  # s since the last frame that it asked for
REMINDER = 5.0  # s; Gradio notices that nobody listens only when something is sent

View = dict[str, Any]
Begin = Callable[[], tuple[RunRecord, Run]]


def watch_run(
    context: PageContext, session: Session, begin: Begin, pending: PendingRun | None = None
) -> Iterator[View]:
    """Wait for a place, start a run and yield the view until it ends; the run before it ends.

    Until it begins, changes act on `pending`, where that is given: on what it begins with.
    """
    last: View = {}
    any_time = {"time": 0}
    try:
        with closing(_views(context, session, begin, pending)) as views:
            for each in views:
                # To send what a page shows already costs as much as to send something new.
                is_new = each | any_time != last | any_time
                if is_new or each["time"] - last["time"] > REMINDER:
                    last = each
                    yield each
    except Exception:
        if last:  # that it waits, say, which would stay on the page
            yield view(session)
        raise


def _views(
    context: PageContext, session: Session, begin: Begin, pending: PendingRun | None
) -> Generator[View, None, None]:
    admission, run = context.service.admission, None
    with session.steering_lock:  # another start comes before this one, or in its place
        if before := session.place:  # the run that ends must not keep the next one waiting
            admission.leave(before.ticket)
        session.stop_run()
        ticket = or_error_on_page(admission.join, session.visitor)
        session.place = place = QueuePlace(ticket, pending)
        if pending:
            session.notice = ""  # its settings are all good
            if session.moves > pending.moves:  # while its pictures were read
                with suppress(ValueError):  # told when they came
                    use_knobs(session, session.moved, context.service.limits)
    try:
        while session.place is place and (ahead := admission.ahead(ticket)):
            place.ahead = ahead
            yield view(session)
            admission.wait(ticket, HEARTBEAT)
            if session.has_left:
                return
        with session.steering_lock:
            if session.place is place:
                place.ahead, place.pending = 0, None
                record, run = begin()
                session.follow(record, run)
                if pending and pending.inputs is not record.inputs:  # of a run that goes on
                    _change_inputs(session, record, pending)
        if run:
            session.is_sparing = session.is_local and context.service.executor.device == "cpu"
            yield from _follow(session, place, record, run)
            if record.rests and session.run is run:
                record.write_checkpoint(run, now=True)
                context.resting.add(session.visitor, record)
        elif session.place is None and not session.closed:  # the visitor left the queue
            yield view(session)
    finally:  # also where the page is gone; must not wait, Gradio calls it on its event loop
        if run:
            run.stop()
        if pending and session.pending is pending:
            threading.Thread(target=pending.leave, daemon=True).start()
        admission.leave(ticket)
        session.release(place)


def _follow(session: Session, place: QueuePlace, record: RunRecord, run: Run) -> Iterator[View]:
    """Store the frames of a run as they come, and yield the view where it is time to send one."""
    stored = sent = changed = 0.0
    for frame in run.frames():
        if session.has_left:
            return
        if frame is not None and frame is not record.last_frame:
            is_change = record.last_frame is None or _differs(frame, record.last_frame)
            if is_change:
                changed = time.monotonic()
            if not is_change or _is_fetching(session):
                time.sleep(max(0.0, stored + PREVIEW_INTERVAL - time.monotonic()))
            stored = time.monotonic()
            _store(session, record, run, frame)
        now = time.monotonic()
        is_due = now >= sent + _interval(session, run, changed)
        if is_due and not run.ended and _is_shown(session, run):
            sent = now
            yield view(session)
    with session.steering_lock:  # not before: a run may end while a frame before its last is stored
        session.release(place)
        if record.run is run:
            record.end(wakes=run.outcome is not None and run.outcome.rests)
    if record.run is run and run.outcome is not SERVER_ENDS and not record.rests:
        record.remove_checkpoint()
    if _is_shown(session, run):
        yield view(session)


def _change_inputs(session: Session, record: RunRecord, pending: PendingRun) -> None:
    """Let a run that was begun with a picture go on with what was chosen while it waited."""
    try:
        record.change_inputs(pending.inputs, lambda _: None)
    except ValueError as error:
        session.notice = shorten(str(error))


def _is_shown(session: Session, run: Run) -> bool:
    """Return whether no other run has taken the place of this one on its page."""
    return session.run is run and not session.closed


def _differs(frame: Frame, last: Frame) -> bool:
    """Return whether something was changed between two frames, which is to be seen at once."""
    return frame.settings != last.settings or frame.state.strokes != last.state.strokes


def _interval(session: Session, run: Run, changed: float) -> float:
    """Return the seconds between two views; `changed` is when the settings were last moved."""
    if run.paused or run.stopping:
        return 0.0
    if _is_fetching(session):
        return FETCHING_INTERVAL
    return LOCAL_INTERVAL * (session.is_sparing and time.monotonic() > changed + LIVELY)


def _is_fetching(session: Session) -> bool:
    return time.monotonic() < session.fetched_at + FETCHED


def _store(session: Session, record: RunRecord, run: Run, frame: Frame) -> None:
    """Add `frame` to a record, or a newer one where that is a preview, too."""
    newest = run.frame or frame
    is_preview = run.ended or newest.step % run.preview_every == 0
    try:
        record.add_frame(newest if is_preview else frame)
        session.unkept = ""
    except OSError as error:  # a full disk, or a folder that went with its page
        session.unkept = f"Previews cannot be kept ({error.strerror or error})."
