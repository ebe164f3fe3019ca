"""Real connections that are lost, frozen or well."""

import socket
import sys
import time
from contextlib import suppress

import pytest

from style_transfer.ui.http import connections
from style_transfer.ui.http.connections import Watch, ask_when_idle
from tests.crowd.visitor import deafen

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")


SILENCE = 0.8  # s


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(connections, "SILENCE", SILENCE)


@pytest.fixture
def pair():
    """Both ends of a connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        server, _ = listener.accept()
    server.setblocking(False)
    yield server, client
    server.close()
    client.close()


def judged(watch, server, seconds, send):
    """Whether a connection is lost within so many seconds, in which the server goes on sending."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with suppress(BlockingIOError):
            server.send(send)
        if watch.lost([server]):
            return True
        time.sleep(0.1)
    return False


def test_a_connection_that_the_network_has_lost_is_found(pair):
    server, client = pair
    watch = Watch()
    assert not judged(watch, server, 0.3, b"x")
    deafen(client)
    began = time.monotonic()
    assert judged(watch, server, 60, b"x")
    assert time.monotonic() - began > SILENCE


def test_one_that_is_lost_while_nothing_is_sent_is_found(pair):
    server, client = pair
    ask_when_idle(server)
    deafen(client)
    assert judged(Watch(), server, 60, b"")


def test_one_that_only_does_not_read_is_left_alone_even_when_nothing_more_fits(pair):
    server, client = pair
    ask_when_idle(server)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    with suppress(BlockingIOError):
        while True:
            server.send(b"x" * 1_000_000)
    assert not judged(Watch(), server, 4 * SILENCE, b"x")


def test_one_that_was_idle_for_long_is_not_lost_when_something_is_sent(pair):
    server, _ = pair
    watch = Watch()
    time.sleep(SILENCE + 0.2)
    assert not judged(watch, server, 0.3, b"x")


def test_a_closed_connection_is_not_lost_but_gone(pair):
    server, _ = pair
    server.close()
    assert Watch().lost([server]) == []
