"""Connections: those that the network has lost without a word are ended soon.

The system itself would wait for a quarter of an hour. A page that only does not read for a while,
as in a background tab of a phone, still acknowledges what comes, and is left alone.
"""

import socket
import struct
import sys
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

EVERY = 0.25  # s
SILENCE = 1.5  # s for which nothing that was sent is acknowledged
# Of the 8 bytes and 13 numbers that begin Linux's struct tcp_info:
_RETRANSMITS, _PROBES, _LAST_ACK = 2, 3, 8 + 12


class Watch:
    """Tells which connections are lost, asked again and again."""

    def __init__(self) -> None:
        self._since: dict[socket.socket, float] = {}  # when it fell silent

    def lost(self, connections: Iterable[socket.socket]) -> list[socket.socket]:
        """Return those of all open `connections` that have been silent for SILENCE seconds."""
        now, since = time.monotonic(), self._since
        self._since = {}
        for each in connections:
            tries, quiet = _unanswered(each)
            if tries:
                self._since[each] = max(since.get(each, now), now - quiet)
        return [each for each, began in self._since.items() if now - began > SILENCE]


def end_lost(server: Any) -> None:
    """Watch the connections of a uvicorn server for as long as the process lives; Linux only."""
    if sys.platform == "linux":
        work = threading.Thread(target=_work, args=(server,), name="connections", daemon=True)
        work.start()


def _work(server: Any) -> None:
    watch, known = Watch(), set[socket.socket]()
    while True:
        time.sleep(EVERY)
        open_ones = {}
        for protocol in list(server.server_state.connections):
            transport = getattr(protocol, "transport", None)
            if transport is not None and not transport.is_closing():
                open_ones[transport.get_extra_info("socket")] = protocol
        for each in open_ones.keys() - known:
            ask_when_idle(each)
        known = set(open_ones)
        for each in watch.lost(open_ones):
            open_ones[each].loop.call_soon_threadsafe(open_ones[each].transport.abort)


def ask_when_idle(connection: Any) -> None:
    """Let the system ask the other end every second in which nothing else is sent."""
    with suppress(OSError):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)


def _unanswered(connection: Any) -> tuple[int, float]:
    """Return how often the other end was asked in vain, and the seconds since it answered last.

    Whoever has no room for more answers that it has none.
    """
    try:
        told = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 8 + 13 * 4)
    except OSError:  # closed by now
        return 0, 0.0
    told = struct.unpack("8B13I", told)
    return told[_RETRANSMITS] + told[_PROBES], told[_LAST_ACK] / 1000
