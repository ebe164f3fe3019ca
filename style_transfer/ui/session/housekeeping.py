"""Housekeeping: sessions, checkpoints and uploads that belong to nobody are removed."""

import gc
import logging
from contextlib import suppress

import gradio as gr

from style_transfer.runtime import release_free_memory
from style_transfer.ui.http import gradio_internals, gradio_uploads
from style_transfer.ui.http.periodic import Periodic
from style_transfer.ui.session.sessions import PageContext

INTERVAL = 30.0  # s from one round to the next
UNCLAIMED = 900.0  # s after which an upload that no open page uses is removed

_log = logging.getLogger(__name__)


class Housekeeping:
    """Tidies up now and then, between `start` and `stop`."""

    def __init__(self, page: gr.Blocks, context: PageContext) -> None:
        """Begin stopped."""
        self._page, self._context = page, context
        self._unowned: set[str] = set()  # sessions that belonged to nobody in the last round
        self._periodic = Periodic(self.tidy_up, INTERVAL, name="housekeeping")
        self.start, self.stop = self._periodic.start, self._periodic.stop

    def tidy_up(self) -> None:
        """Make one round. A bug in it is logged and not raised, so that rounds go on."""
        try:
            with suppress(OSError):
                self._remove_files()
            if self._page.is_running:
                self._forget_sessions()
        except Exception:
            _log.exception("Tidying up failed; it is tried again in %.0f s.", INTERVAL)
        gc.collect()  # cycles of objects may hold images
        release_free_memory()

    def _remove_files(self) -> None:
        sessions = self._context.sessions
        sessions.sweep()
        self._context.service.checkpoints.sweep()
        claimed = sessions.uploads()
        for file, age in gradio_uploads.uploads():
            if file not in claimed and age > UNCLAIMED:
                gradio_uploads.remove_upload(file)

    def _forget_sessions(self) -> None:
        """Let Gradio forget what it stores of sessions that belong to nobody for two rounds.

        And the names of files, of which it makes no use here.
        """
        ours = {session.key for session in self._context.sessions.all()}
        known = gradio_internals.known_sessions(self._page)
        owned = ours | gradio_internals.calling_sessions(self._page)
        unowned = {key for key in known - owned if not self._context.presence.is_open(key)}
        gradio_internals.forget_sessions(self._page, unowned & self._unowned)
        gradio_internals.forget_file_names(self._page)
        self._unowned = unowned - self._unowned
