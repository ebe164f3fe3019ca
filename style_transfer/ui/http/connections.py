"""Connections that the network lost without a word are ended soon; on Linux only.

The system itself would wait for a quarter of an hour. A page that does not read for a while, such
as one in a background tab of a phone, still acknowledges what is sent, and is left alone.
"""

import logging
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from style_transfer.ui.http.periodic import Periodic
from style_transfer.ui.http.uvicorn_internals import open_connections

INTERVAL = 0.25  # s from one check to the next
SILENCE = 1.5  # s for which nothing that was sent is acknowledged
# Indices of fields in Linux's struct tcp_info, which begins with 8 bytes and 13 numbers:
_RETRANSMITS, _PROBES, _LAST_ACK_RECEIVED = 2, 3, 8 + 12

_log = logging.getLogger(__name__)


class LostConnections:
    """Tells which connections are lost, from what it saw at earlier calls."""

    def __init__(self) -> None:
        self._silent_since: dict[socket.socket, float] = {}

    def find(self, connections: Iterable[socket.socket]) -> list[socket.socket]:
        """Return those of all open `connections` that have been silent for SILENCE seconds."""
        now, before = time.monotonic(), self._silent_since
        self._silent_since = {}
        for each in connections:
            attempts, seconds = _unacknowledged(each)
            if attempts:
                self._silent_since[each] = max(before.get(each, now), now - seconds)
        return [each for each, began in self._silent_since.items() if now - began > SILENCE]


class ConnectionMonitor:
    """Ends the lost connections of a uvicorn server between `start` and `stop`."""

    def __init__(self, find_server: Callable[[], Any]) -> None:
        """`find_server` returns the server, None as long as there is none."""
        self._find_server = find_server
        self._lost, self._known = LostConnections(), set[socket.socket]()
        self._works = sys.platform == "linux"
        self._periodic = Periodic(self._check, INTERVAL, name="connections")

    def start(self) -> None:
        """Begin to watch, in a thread."""
        if self._works:
            self._periodic.start()

    def stop(self) -> None:
        """Watch no longer."""
        self._periodic.stop()

    def _check(self) -> None:
        server = self._find_server()
        if server is None or not self._works:
            return
        try:
            connections = open_connections(server)
        except AttributeError:
            self._works = False
            _log.warning("Lost connections cannot be found with this version of uvicorn.")
            return
        for each in connections.keys() - self._known:
            probe_when_idle(each)
        self._known = set(connections)
        for each in self._lost.find(connections):
            connections[each]()


def probe_when_idle(connection: Any) -> None:
    """Let the system probe the other end every second in which nothing else is sent."""
    with suppress(OSError):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)


def _unacknowledged(connection: Any) -> tuple[int, float]:
    """Return how many sendings were not acknowledged, and the seconds since the last that was.

    A receiver whose buffer is full acknowledges that.
    """
    try:
        info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 8 + 13 * 4)
    except OSError:  # closed by now
        return 0, 0.0
    fields = struct.unpack("8B13I", info)
    return fields[_RETRANSMITS] + fields[_PROBES], fields[_LAST_ACK_RECEIVED] / 1000
