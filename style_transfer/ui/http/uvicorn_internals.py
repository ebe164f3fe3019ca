"""All that the page uses of uvicorn beyond its public interface.

tests/ui/http/test_uvicorn_internals.py checks it against the installed version.
"""

import socket
from collections.abc import Callable
from typing import Any


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
