"""A flood of connections and requests, beside which a visitor paints."""

import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from style_transfer import assets

SECONDS = float(os.environ.get("FLOOD_SECONDS", "60"))
HANDLES = 1024
KEPT = 0.8  # of the steps that a run makes beside the same flood of an idle server
PLACE = 5.0  # s

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="limits the handles of a process")

IDLE = """
import http.server, sys
class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


@pytest.fixture
def few_handles():
    """Servers that are started have HANDLES."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (HANDLES, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.fixture
def unused_port():
    """A port of nobody."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def flooding(port, photo, seconds=SECONDS):
    """Flood a port while the block runs."""
    command = [sys.executable, "-m", "tests.crowd.flood", str(port), str(seconds), photo]
    flood = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        yield flood
    finally:
        flood.kill()
        flood.wait()


def steps_beside(visitor, port, photo):
    """Return how many steps a second a visitor's run makes beside a flood of `port`."""
    with flooding(port, photo) as flood:
        before, began = visitor.step, time.monotonic()
        flood.wait()
        return (visitor.step - before) / (time.monotonic() - began)


@pytest.mark.slow
def test_a_flood_leaves_a_visitor_her_steps_and_a_newcomer_a_place(
    few_handles, serve, visit, tmp_path, unused_port
):
    server = serve(STYLE_TRANSFER_HOSTS="paint.example")
    time.sleep(15)  # it measures the machine when it starts
    visitor = visit(server)
    files = {"files": assets.path("examples", "lake.jpg").read_bytes()}
    (path,) = visitor.http.post("/gradio_api/upload", files=files).json()
    photo = f"{server.url}/gradio_api/file={path}"
    visitor.start(192, steps=5000)
    visitor.wait(lambda: visitor.step >= 60, 300)
    (tmp_path / "idle").mkdir()
    (tmp_path / "idle" / "index.html").write_bytes(visitor.http.get("/").content)
    command = [sys.executable, "-c", IDLE, str(unused_port)]
    idle = subprocess.Popen(command, cwd=tmp_path / "idle", stderr=subprocess.DEVNULL)
    try:
        time.sleep(1)
        beside = steps_beside(visitor, unused_port, photo)
    finally:
        idle.kill()
        idle.wait()
    under = steps_beside(visitor, server.port, photo)
    print(
        f"\nunder the flood {under:.2f} steps/s, beside that of an idle server {beside:.2f} "
        f"({under / beside:.0%})"
    )
    with flooding(server.port, photo):
        time.sleep(min(10.0, SECONDS / 3))
        newcomer, began = visit(server), time.monotonic()
        newcomer.start(128, steps=50)
        newcomer.wait(lambda: newcomer.step >= 0)
        waited = time.monotonic() - began
    print(f"a place after {waited:.1f} s")
    assert under >= KEPT * beside
    assert waited <= PLACE
    assert "Traceback" not in server.log
    assert len(server.log) < 1_000_000
