"""Programs and assistants (MCP) that call the endpoint and leave without a word."""

import json
import socket
import time

import httpx
import pytest

from style_transfer import assets

CALM = 60.0  # s, on a machine that is busy with other tests
ACCEPT = "Accept: application/json, text/event-stream\r\n"


@pytest.fixture
def uploaded(shared):
    """Photo and style of a call, uploaded."""
    paths = []
    for _ in range(2):
        files = {"files": assets.path("examples", "lake.jpg").read_bytes()}
        (path,) = httpx.post(f"{shared.url}/gradio_api/upload", files=files, timeout=CALM).json()
        paths.append(path)
    return paths


def ask_as_assistant(server, paths):
    """Call the tool, and return the connection on which the answer will come."""
    photo, style = (f"{server.url}/gradio_api/file={path}" for path in paths)
    arguments = {"photo": photo, "style": style, "steps": 500, "size": 96}
    call = {"method": "tools/call", "params": {"name": "stylize", "arguments": arguments}}
    return ask(server, "POST /gradio_api/mcp/", json.dumps(call | {"jsonrpc": "2.0", "id": 1}))


def ask(server, line, body=""):
    """Send a request, and return its connection."""
    connection = socket.create_connection(("127.0.0.1", server.port))
    headers = f"Host: 127.0.0.1\r\nContent-Type: application/json\r\n{ACCEPT}"
    headers += f"Content-Length: {len(body)}\r\n"
    connection.sendall(f"{line} HTTP/1.1\r\n{headers}\r\n{body}".encode())
    return connection


def busy(server):
    health = server.health()
    return health["runs"] + health["waiting"]


def wait_until(condition):
    """Wait until `condition()`."""
    until = time.monotonic() + CALM
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.mark.slow
def test_assistants_who_leave_give_their_places_back(shared, uploaded):
    before = busy(shared)
    callers = [ask_as_assistant(shared, uploaded) for _ in range(4)]
    wait_until(lambda: busy(shared) == before + 4)
    for each in callers:
        each.close()
    wait_until(lambda: busy(shared) <= before)
    assert "Traceback" not in shared.log


@pytest.mark.slow
def test_a_program_that_leaves_gives_its_place_back(shared, uploaded):
    before = busy(shared)
    info = httpx.get(f"{shared.url}/gradio_api/info", timeout=CALM).json()
    values = {
        each["parameter_name"]: each.get("parameter_default")
        for each in info["named_endpoints"]["/stylize"]["parameters"]
    }
    photo, style = ({"path": path, "meta": {"_type": "gradio.FileData"}} for path in uploaded)
    values |= {"photo": photo, "style": style, "steps": 500, "size": 96}
    url = f"{shared.url}/gradio_api/call/stylize"
    event = httpx.post(url, json={"data": list(values.values())}, timeout=CALM).json()
    listening = ask(shared, f"GET /gradio_api/call/stylize/{event['event_id']}")
    wait_until(lambda: busy(shared) > before)
    listening.close()
    wait_until(lambda: busy(shared) <= before)
