"""All that the page uses of uvicorn beyond its public interface.

tests/ui/http/test_uvicorn_internals.py checks it against the installed version.
"""

import asyncio
import logging
import socket
from collections.abc import Callable
from typing import Any

_log = logging.getLogger(__name__)


def open_connections(server: Any) -> dict[socket.socket, Callable[[], None]]:
    """Return the sockets of all open connections of a uvicorn server.

    Each comes with a function, to be called from any thread, that ends the connection at once.
    """
    found = {}
    for protocol in list(server.server_state.connections):
        transport = getattr(protocol, "transport", None)
        if transport is not None and not transport.is_closing():
            found[transport.get_extra_info("socket")] = _abort(protocol)
    return found


def _abort(protocol: Any) -> Callable[[], None]:
    return lambda: protocol.loop.call_soon_threadsafe(protocol.transport.abort)


def current_request(protocol: Any) -> tuple[Any, bool]:
    """Return the request that a connection brought last, and whether it is under way."""
    cycle = protocol.cycle
    return cycle, cycle is not None and not cycle.response_complete


def listen_in_batches(
    loop: asyncio.AbstractEventLoop,
    wrap: Callable[[Callable[[], Any]], Callable[[], Any]],
    batch: int,
) -> None:
    """Let the server that begins next in `loop` accept few connections at a time.

    asyncio accepts as many at once as may wait, before the first of them is made; where handles
    run out meanwhile, it tries and logs that for each. `wrap` is given what makes the protocol of a
    connection, and returns what does so in its place.
    """
    create_server = loop.create_server

    async def create(make: Callable[[], Any], *rest: Any, **named: Any) -> asyncio.Server:
        waiting, named["backlog"] = named.get("backlog", 100), batch
        server = await create_server(wrap(make), *rest, **named)
        for each in server.sockets:
            listener = each.dup()  # which has the method that this one lacks
            listener.listen(waiting)
            listener.close()
        return server

    try:
        loop.create_server = create  # type: ignore[assignment, method-assign]
    except AttributeError:  # another loop than asyncio's
        _log.warning("Connections cannot be bounded with this event loop.")
