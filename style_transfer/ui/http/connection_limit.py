"""A bound on open connections, and on the time in which a request must have begun.

Without it a few hundred half requests take all handles of the process, so that nobody is served and
no file can be opened; uvicorn waits for the rest of a header for ever.
"""

import asyncio
import sys
import time
from collections.abc import Callable
from typing import Any

from style_transfer.ui.http.uvicorn_internals import current_request, listen_in_batches

HEADER_TIME = 10.0  # s in which a connection must bring the header of a request
INTERVAL = 1.0  # s from one look at all connections to the next
RESERVED = 256  # handles for all but connections: files, calls to ourselves
MOST = 4096  # connections, however many handles there are
BATCH = 16  # connections that are accepted before the bound is looked at again


class ConnectionLimit:
    """Ends connections that bring no request in time, the oldest first where there are many."""

    def __init__(self) -> None:
        self._most = connections_allowed()
        self._idle: dict[Any, tuple[float, Any]] = {}  # since when, and the request before
        self._watch: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; to be called in the event loop of a server that does not listen yet."""
        # A connection that was accepted in the same batch cannot be ended for another yet.
        batch = min(BATCH, self._most)
        listen_in_batches(asyncio.get_running_loop(), self._admitting, batch)
        self._watch = asyncio.ensure_future(self._look_again_and_again())

    def stop(self) -> None:
        """End connections no more."""
        if self._watch:
            self._watch.cancel()

    def _admitting(self, make: Callable[[], Any]) -> Callable[[], Any]:
        """Return `make`, the maker of a connection's protocol, with a look at the bound before."""

        def admit() -> Any:
            if len(self._idle) >= self._most:
                self._forget_closed()
            if len(self._idle) >= self._most and not self._end_oldest():
                return _Refused()
            protocol = make()
            self._idle[protocol] = time.monotonic(), None
            return protocol

        return admit

    def _forget_closed(self) -> None:
        for each in [each for each in self._idle if _is_closed(each)]:
            del self._idle[each]

    def _end_oldest(self) -> bool:
        """End the connection that has been without a request for longest; False for none."""
        idle = [each for each in self._idle if each.transport and not current_request(each)[1]]
        if not idle:
            return False
        oldest = min(idle, key=lambda each: self._idle[each][0])
        del self._idle[oldest]
        oldest.transport.abort()
        return True

    def _look(self) -> None:
        """End the connections that have brought no request for HEADER_TIME."""
        self._forget_closed()
        now = time.monotonic()
        for each, (since, before) in list(self._idle.items()):
            request, is_under_way = current_request(each)
            if is_under_way or request is not before:
                self._idle[each] = now, request
            elif now - since > HEADER_TIME:
                del self._idle[each]
                if each.transport:  # which it lacks where the system refused it after all
                    each.transport.abort()

    async def _look_again_and_again(self) -> None:
        while True:
            await asyncio.sleep(INTERVAL)
            self._look()


class _Refused(asyncio.Protocol):
    """A connection for which there is no room."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.abort()  # type: ignore[attr-defined]


def connections_allowed() -> int:
    """Return how many connections the handles of this process allow."""
    if sys.platform == "win32":
        return MOST
    import resource

    handles = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if handles == resource.RLIM_INFINITY:
        return MOST
    return min(MOST, max(handles - RESERVED, handles // 2))


def _is_closed(protocol: Any) -> bool:
    return protocol.transport is not None and protocol.transport.is_closing()
