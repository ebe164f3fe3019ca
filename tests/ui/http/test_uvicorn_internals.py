"""What the page uses of uvicorn beyond its public interface, on a real server."""

import socket
import threading
import time
from contextlib import suppress

import pytest

from style_transfer.ui.http.uvicorn_internals import open_connections

uvicorn = pytest.importorskip("uvicorn")


@pytest.fixture
def server():
    """A uvicorn server that answers nothing, in a thread."""

    async def silent(scope, receive, send):
        await receive()

    server = uvicorn.Server(uvicorn.Config(silent, port=0, lifespan="off", log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    until = time.monotonic() + 30
    while not server.started and time.monotonic() < until:
        time.sleep(0.02)
    yield server
    server.should_exit = True
    thread.join()


def test_open_connections_are_found_and_can_be_ended(server):
    address = server.servers[0].sockets[0].getsockname()
    assert open_connections(server) == {}
    with socket.create_connection(address) as client:
        until = time.monotonic() + 10
        while not (found := open_connections(server)) and time.monotonic() < until:
            time.sleep(0.02)
        ports = [connection.getpeername()[1] for connection in found]
        assert ports == [client.getsockname()[1]], (
            "uvicorn has moved Server.server_state.connections or the transport of a protocol: "
            "lost connections cannot be found"
        )
        (end,) = found.values()
        end()
        client.settimeout(10)
        with suppress(ConnectionResetError):
            assert client.recv(1) == b"", "uvicorn has moved the event loop of a protocol"
    assert wait_until_none(server)


def wait_until_none(server):
    until = time.monotonic() + 10
    while open_connections(server) and time.monotonic() < until:
        time.sleep(0.02)
    return not open_connections(server)
