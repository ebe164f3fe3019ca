"""The orderly end of a server: every run is saved and every page told, within seconds."""

import atexit
import logging
import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Collection
from contextlib import suppress

from style_transfer.runs import SERVER_ENDS, Run
from style_transfer.ui.page import Page
from style_transfer.ui.session.record import RunRecord

GRACE = 9.0  # s until the process is gone at the latest; container engines kill it after 10
_SAVING = 5.0  # s after which no optimiser's memory is saved any more
_TELLING = 1.5  # s for the last views to be sent

_log = logging.getLogger(__name__)


def end_serving(page: Page) -> None:
    """Leave the steps under way, save every run and tell every page."""
    began = time.monotonic()
    records = end_runs(page)
    save_runs(records, began + _SAVING)
    sessions, until = page.context.sessions, time.monotonic() + _TELLING
    while time.monotonic() < until and any(each.is_busy for each in sessions.all()):
        time.sleep(0.05)
    time.sleep(0.2)  # views that were made must still be sent
    page.background.stop()
    _log.info("The server has ended after %.1f s.", time.monotonic() - began)


def end_runs(page: Page) -> list[tuple[RunRecord, Run]]:
    """End all runs, without waiting for the steps under way; return those that pages follow."""
    latest = [session.latest for session in page.context.sessions.all()]
    running = [(each, each.run) for each in latest if each and each.run and not each.run.ended]
    page.context.service.end_all(SERVER_ENDS)
    return [(record, run) for record, run in running if run.outcome is SERVER_ENDS]


def save_runs(running: Collection[tuple[RunRecord, Run]], until: float) -> None:
    """Save the newest states of runs, to be continued by whoever claims them.

    First those of all runs without the optimiser's memory, which is many times the rest, then each
    with it, as long as `until` on the monotonic clock is not reached.
    """
    for with_memory in (False, True):
        for record, run in running:
            if not with_memory or time.monotonic() < until:
                record.write_checkpoint(run, now=True, with_memory=with_memory)
    for record, _ in running:
        record.release_checkpoint()


def leave_process() -> None:
    """End the process with exit code 0 without waiting for threads.

    Those that compute in native code would crash while the interpreter is taken apart.
    """
    for child in multiprocessing.active_children():
        child.terminate()
    with suppress(Exception):  # nothing that goes wrong here may keep the process
        atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):
            stream.flush()
    os._exit(0)


def limit_duration() -> None:
    """Let the process end after GRACE seconds, however long a disk or a page takes."""
    timer = threading.Timer(GRACE, lambda: os._exit(0))
    timer.daemon = True
    timer.start()
