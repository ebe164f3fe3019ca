"""Housekeeping: what nobody owns any more is removed."""

import gc
import logging
import threading
import time
from contextlib import suppress
from pathlib import Path

import gradio as gr

from style_transfer import runtime
from style_transfer.ui.handlers.steering import SESSIONS
from style_transfer.ui.http import gradio_internals
from style_transfer.ui.http.connections import ConnectionMonitor
from style_transfer.ui.http.presence import PAGES
from style_transfer.ui.service import SERVICE

EVERY = 30.0  # s
UNCLAIMED = 900.0  # s; an upload that no open page has made use of is removed after that

_log = logging.getLogger(__name__)


def begin(page: gr.Blocks) -> None:
    """Tidy up now and then for as long as the process lives, and when somebody leaves."""
    samples = gradio_internals.sample_files(page)
    gc.freeze()  # what is there now stays: it need not be looked through again and again
    SESSIONS.release = lambda file: (
        None if file in samples else gradio_internals.remove_upload(file)
    )
    work = threading.Thread(target=_work, args=(page, samples), name="housekeeping", daemon=True)
    work.start()
    ConnectionMonitor(lambda: gradio_internals.server_of(page)).start()


def tidy(samples: set[Path]) -> None:
    """Remove sessions, kept runs and uploads that nobody owns any more."""
    SESSIONS.sweep()
    SERVICE.checkpoints.sweep()
    claimed = SESSIONS.uploads() | samples
    for file, age in gradio_internals.uploads():
        if file not in claimed and age > UNCLAIMED:
            gradio_internals.remove_upload(file)


def forget(page: gr.Blocks, before: set[str]) -> set[str]:
    """Let Gradio forget the keys in `before` that still belong to nobody; return all that do now.

    Gradio itself keeps the last few hundred, each with all that its page showed, and the messages
    that nobody fetched any more.
    """
    ours = {session.key for session in SESSIONS.all()} | gradio_internals.calling_sessions(page)
    nobodys = {
        key for key in gradio_internals.known_sessions(page) - ours if not PAGES.is_open(key)
    }
    gradio_internals.forget_sessions(page, nobodys & before)
    return nobodys - before


def tidy_round(page: gr.Blocks, samples: set[Path], nobodys: set[str]) -> set[str]:
    """Remove and forget what is nobody's; return the keys that the next round may forget.

    A bug in it is logged and not raised: the rounds go on.
    """
    try:
        with suppress(OSError):
            tidy(samples)
        if page.is_running:
            nobodys = forget(page, nobodys)
    except Exception:
        _log.exception("Tidying up failed; it is tried again in %.0f s.", EVERY)
    return nobodys


def _work(page: gr.Blocks, samples: set[Path]) -> None:
    nobodys: set[str] = set()
    while True:
        time.sleep(EVERY)
        nobodys = tidy_round(page, samples, nobodys)
        gc.collect()  # what has left in a circle would hold its pictures for long
        runtime.release_free_memory()
