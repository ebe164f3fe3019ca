"""What a page does beside answering requests: measuring, housekeeping, watching connections."""

import gc
import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import gradio as gr

from style_transfer.ui.http.connections import ConnectionMonitor
from style_transfer.ui.http.gradio_internals import server_of
from style_transfer.ui.session.housekeeping import Housekeeping
from style_transfer.ui.session.sessions import PageContext

_log = logging.getLogger(__name__)


class BackgroundWork:
    """The threads of a page, which run between `start` and `stop`."""

    def __init__(self, page: gr.Blocks, context: PageContext) -> None:
        """Begin stopped."""
        self._service, self._reader = context.service, context.reader
        self._housekeeping = Housekeeping(page, context)
        self._connections = ConnectionMonitor(lambda: server_of(page))

    def start(self) -> None:
        """Begin; does nothing where it has begun."""
        gc.freeze()  # what exists now will stay: collections need not look through it
        threading.Thread(target=self._measure, name="measuring", daemon=True).start()
        self._reader.warm()
        self._housekeeping.start()
        self._connections.start()

    def stop(self) -> None:
        """End all threads but the measurement, which ends by itself."""
        self._housekeeping.stop()
        self._connections.stop()
        self._reader.close()
        gc.unfreeze()

    @asynccontextmanager
    async def lifespan(self, _: Any) -> AsyncIterator[None]:
        """Run while a server serves the page: an ASGI lifespan, for `app_kwargs` of `launch`."""
        self.start()
        try:
            yield
        finally:
            self.stop()

    def _measure(self) -> None:
        """Load the network and measure this machine before the first visitor has to wait for it."""
        try:
            self._service.executor.cost_model(anew=True)
        except Exception:
            _log.exception("This machine could not be measured.")
