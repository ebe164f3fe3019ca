"""Real connections that are lost, frozen or well."""

import socket
import sys
import threading
import time
from contextlib import suppress

import pytest

from style_transfer.ui.http import connections
from style_transfer.ui.http.connections import ConnectionMonitor, LostConnections, probe_when_idle
from tests.crowd.visitor import deafen

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells"),
]


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


def judged(lost, server, seconds, send):
    """Whether a connection is lost within so many seconds, in which the server goes on sending."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with suppress(BlockingIOError):
            server.send(send)
        if lost.find([server]):
            return True
        time.sleep(0.1)
    return False


def test_a_connection_that_the_network_has_lost_is_found(pair):
    server, client = pair
    lost = LostConnections()
    assert not judged(lost, server, 0.3, b"x")
    deafen(client)
    began = time.monotonic()
    assert judged(lost, server, 60, b"x")
    assert time.monotonic() - began > SILENCE


def test_one_that_is_lost_while_nothing_is_sent_is_found(pair):
    server, client = pair
    probe_when_idle(server)
    deafen(client)
    assert judged(LostConnections(), server, 60, b"")


def test_one_that_only_does_not_read_is_left_alone_even_when_nothing_more_fits(pair):
    server, client = pair
    probe_when_idle(server)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    with suppress(BlockingIOError):
        while True:
            server.send(b"x" * 1_000_000)
    assert not judged(LostConnections(), server, 4 * SILENCE, b"x")


def test_one_that_was_idle_for_long_is_not_lost_when_something_is_sent(pair):
    server, _ = pair
    lost = LostConnections()
    time.sleep(SILENCE + 0.2)
    assert not judged(lost, server, 0.3, b"x")


def test_a_closed_connection_is_not_lost_but_gone(pair):
    server, _ = pair
    server.close()
    assert LostConnections().find([server]) == []


def test_the_monitor_ends_lost_connections_of_the_server_until_it_is_stopped(pair, monkeypatch):
    server, client = pair
    aborted = threading.Event()
    monkeypatch.setattr(connections, "open_connections", lambda _: {server: aborted.set})
    monitor = ConnectionMonitor(lambda: "a server")
    monitor.start()
    try:
        deafen(client)
        assert aborted.wait(60)
    finally:
        monitor.stop()
    assert "connections" not in [thread.name for thread in threading.enumerate()]


def test_another_version_of_uvicorn_costs_the_monitor_alone(monkeypatch, caplog):
    monkeypatch.setattr(connections, "INTERVAL", 0.01)
    monitor = ConnectionMonitor(object)  # whose connections are elsewhere
    monitor.start()
    time.sleep(0.3)
    monitor.stop()
    assert caplog.messages == ["Lost connections cannot be found with this version of uvicorn."]
