"""Half requests, against a real server with few connections."""

import asyncio
import socket
import threading
import time

import httpx
import pytest
import uvicorn

from style_transfer.ui.http import connection_limit
from style_transfer.ui.http.answers import answer
from style_transfer.ui.http.connection_limit import ConnectionLimit, connections_allowed

MOST = 8
HALF = b"GET / HTTP/1.1\r\nHost: loc"
CALM = 30.0  # s


class Slow:
    """Requests for /slow: how many have begun, and whether they may be answered."""

    def __init__(self):
        self.begun, self.may_end = 0, threading.Event()
        self.stands, self.may_go_on = threading.Event(), threading.Event()

    def stand(self):
        """Keep the event loop, as an answer that computes does."""
        self.stands.set()
        self.may_go_on.wait(CALM)

    def wait_for(self, requests):
        until = time.monotonic() + CALM
        while self.begun < requests and time.monotonic() < until:
            time.sleep(0.01)
        assert self.begun == requests


@pytest.fixture
def slow():
    return Slow()


@pytest.fixture
def port(monkeypatch, slow):
    """The port of a server with at most MOST connections; /slow is answered when it may be."""
    monkeypatch.setattr(connection_limit, "INTERVAL", 0.05)
    monkeypatch.setattr(connection_limit, "connections_allowed", lambda: MOST)
    limit = ConnectionLimit()

    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            limit.start()
            for _ in range(2):
                kind = (await receive())["type"]
                await send({"type": f"{kind}.complete"})
            return limit.stop()
        if scope["path"] == "/slow":
            slow.begun += 1
            while not slow.may_end.is_set():
                await asyncio.sleep(0.01)
        if scope["path"] == "/standing":
            slow.stand()
        return await answer(send, 200, "")

    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", lifespan="on"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    slow.may_end.set()
    server.force_exit = server.should_exit = True
    thread.join(CALM)


@pytest.fixture
def connect(port):
    """A function that opens a connection and sends some bytes."""
    opened = []

    def connect(words):
        opened.append(socket.create_connection(("127.0.0.1", port), CALM))
        opened[-1].sendall(words)
        return opened[-1]

    yield connect
    for each in opened:
        each.close()


def is_ended(connection, seconds=CALM):
    connection.settimeout(seconds)
    try:
        return connection.recv(100) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


def ask(port, path="/"):
    return httpx.get(f"http://127.0.0.1:{port}{path}", timeout=CALM).status_code


def test_half_requests_make_room_for_whole_ones(port, connect):
    half = [connect(HALF) for _ in range(5 * MOST)]
    assert ask(port) == 200
    assert is_ended(half[0])
    assert not all(is_ended(each, 0.2) for each in half[-MOST // 2 :])


def test_a_server_that_stood_takes_the_last_of_those_who_came_meanwhile(port, connect, slow):
    connect(b"GET /standing HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert slow.stands.wait(CALM)
    half = [connect(HALF) for _ in range(2 * MOST - 1)]
    slow.may_go_on.set()
    assert is_ended(half[0])
    assert not is_ended(half[-1], 0.2)


def test_requests_under_way_are_not_ended_for_new_ones(port, connect, slow):
    under_way = [connect(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n") for _ in range(MOST)]
    slow.wait_for(MOST)
    assert is_ended(connect(HALF))
    slow.may_end.set()
    for each in under_way:
        assert each.recv(12) == b"HTTP/1.1 200"


def test_a_header_that_does_not_come_in_time_ends_its_connection(port, connect, slow, monkeypatch):
    monkeypatch.setattr(connection_limit, "HEADER_TIME", 0.4)
    under_way = connect(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
    half = connect(HALF)
    assert is_ended(half)
    slow.may_end.set()
    assert under_way.recv(12) == b"HTTP/1.1 200"
    again = connect(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" + HALF)
    while again.recv(1000):  # the first answer, then the end
        pass


def test_a_connection_that_never_came_about_is_forgotten(monkeypatch):
    class Protocol:
        transport = cycle = None

    monkeypatch.setattr(connection_limit, "HEADER_TIME", -1.0)
    limit = ConnectionLimit()
    limit._admitting(Protocol)()
    limit._look()
    assert not limit._idle


def test_a_connection_that_is_used_now_and_then_stays(port, monkeypatch):
    monkeypatch.setattr(connection_limit, "HEADER_TIME", 0.6)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=CALM) as client:
        streams = set()
        for _ in range(5):
            answered = client.get("/")
            streams.add(id(answered.extensions["network_stream"]))
            time.sleep(0.2)
    assert len(streams) == 1


def test_as_many_connections_are_allowed_as_there_are_handles(monkeypatch):
    resource = pytest.importorskip("resource")
    for handles, allowed in ((1024, 768), (256, 128), (10**6, 4096), (-1, 4096)):
        monkeypatch.setattr(resource, "getrlimit", lambda _, handles=handles: (handles, handles))
        assert connections_allowed() == allowed
