"""Housekeeping: what nobody owns any more is removed."""

import gc
import logging
import threading
import time
from contextlib import suppress
from pathlib import Path

import gradio as gr
from gradio.utils import get_upload_folder

from style_transfer import runtime
from style_transfer.runs import checkpoints
from style_transfer.ui.handlers.steering import SESSIONS
from style_transfer.ui.http.middleware import PAGES

EVERY = 30.0  # s
UNCLAIMED = 900.0  # s; an upload that no open page has made use of is removed after that

_log = logging.getLogger(__name__)


def begin(page: gr.Blocks) -> None:
    """Tidy up now and then for as long as the process lives, and when somebody leaves."""
    samples = _samples(page)
    gc.freeze()  # what is there now stays: it need not be looked through again and again
    SESSIONS.release = lambda file: None if file in samples else remove(file)
    work = threading.Thread(target=_work, args=(page, samples), name="housekeeping", daemon=True)
    work.start()


def tidy(samples: set[Path]) -> None:
    """Remove sessions, kept runs and uploads that nobody owns any more."""
    SESSIONS.sweep()
    checkpoints.sweep()
    claimed = SESSIONS.uploads() | samples
    for file in _uploads():
        if file not in claimed and _age(file) > UNCLAIMED:
            remove(file)


def forget(page: gr.Blocks, before: set[str]) -> set[str]:
    """Let Gradio forget the keys in `before` that still belong to nobody; return all that do now.

    Gradio itself keeps the last few hundred, each with all that its page showed, and the messages
    that nobody fetched any more.
    """
    known = (
        page.state_holder.session_data,
        page.state_holder.time_last_used,
        page._queue.pending_messages_per_session,
        page._queue.pending_event_ids_session,
    )
    kept = {session.key for session in SESSIONS.all()}
    kept |= {event.session_hash for event in list(page._queue.event_ids_to_events.values())}
    keys = {key for each in known for key in list(each)} - kept
    nobodys = {key for key in keys if not PAGES.open(key)}
    for each in known:
        for key in nobodys & before:
            each.pop(key, None)
    return nobodys - before


def remove(file: Path) -> None:
    """Remove an upload and the folder of its own; any other file stays."""
    folder, uploads = file.parent, Path(get_upload_folder())
    own = len(folder.name) == 64 and folder.parent == uploads  # Gradio names it by a SHA-256
    broken_off = folder == uploads and file.name.startswith("tmp")
    with suppress(OSError):
        if own or broken_off:
            file.unlink()
        if own:
            folder.rmdir()


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


def _samples(page: gr.Blocks) -> set[Path]:
    kept = (getattr(block, "keep_in_cache", ()) for block in page.blocks.values())
    return {Path(file) for files in kept for file in files}


def _uploads() -> list[Path]:
    """Return all uploads, also those that were broken off."""
    folder = Path(get_upload_folder())
    whole = [f for d in folder.glob("*") if len(d.name) == 64 for f in d.glob("*") if f.is_file()]
    return whole + [file for file in folder.glob("tmp*") if file.is_file()]


def _age(file: Path) -> float:
    try:
        return time.time() - file.stat().st_mtime
    except OSError:
        return 0.0
