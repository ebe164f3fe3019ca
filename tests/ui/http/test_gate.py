"""The gate, in front of an app that tells what came through, and in front of Gradio."""

import asyncio
import errno
import json
import math
import re

import gradio as gr
import pytest
from gradio.route_utils import upload_fn
from gradio.routes import App
from starlette.requests import Request

from style_transfer.ui.http import bodies
from style_transfer.ui.http.answers import answer
from style_transfer.ui.http.bodies import MAX_CALL, MULTIPART_OVERHEAD
from style_transfer.ui.http.callers import Callers
from style_transfer.ui.http.calls import CALLER_HEADER, ONE_CALL, VISITOR_HEADER
from style_transfer.ui.http.gate import ALLOWED, Gate, is_allowed
from style_transfer.ui.http.gradio_uploads import UploadError
from style_transfer.ui.http.names import TOO_LONG
from style_transfer.ui.http.presence import Presence
from style_transfer.ui.http.upload_quota import UploadQuota
from style_transfer.ui.http.visitors import Visitors

# Of Gradio: what this page does not use, and behind some of which lies what belongs to others.
CLOSED = (
    "/custom_component/a/client/component/x.js",
    "/dev/reload",
    "/docs",
    "/login",
    "/logout",
    "/monitoring",
    "/monitoring/summary",
    "/openapi.json",
    "/gradio_api/api/stylize",
    "/gradio_api/component_server",
    "/gradio_api/deep_link",
    "/gradio_api/dev/reload",
    "/gradio_api/file/etc/passwd",
    "/gradio_api/file=http://127.0.0.1/",
    "/gradio_api/file=HTTPS://127.0.0.1/",
    "/gradio_api/openapi.json",
    "/gradio_api/process_recording",
    "/gradio_api/profiling/clear",
    "/gradio_api/proxy=http://127.0.0.1/",
    "/gradio_api/queue/status",
    "/gradio_api/run-history/records",
    "/gradio_api/stream/a/1/1/playlist.m3u8",
    "/gradio_api/token",
    "/gradio_api/undo-vibe-edit",
    "/gradio_api/user",
    "/gradio_api/vibe-edit",
    "/gradio_api/queue/joined",
    "/gradio_api",
    "/GRADIO_API/UPLOAD",
    "//config",
    "/nothing",
    "",
)
OPEN = (
    "/",
    "/config",
    "/config/",
    "/health",
    "/assets/index-a1.js",
    "/static/img/logo.svg",
    "/svelte/svelte.js",
    "/theme.css",
    "/gradio_api/app_id",
    "/gradio_api/file=/tmp/gradio/a/photo.png",
    "/gradio_api/heartbeat/abc",
    "/gradio_api/queue/join",
    "/gradio_api/queue/data",
    "/gradio_api/run/predict",
    "/gradio_api/call/stylize/abc",
    "/gradio_api/call/v2/stylize/abc",
    "/gradio_api/info",
    "/gradio_api/mcp/",
    "/gradio_api/mcp/schema",
    "/gradio_api/upload",
    "/gradio_api/upload_progress",
)


async def reader(scope, receive, send):
    """An app that reads all and answers with how many bytes came."""
    count, more = 0, True
    while more:
        message = await receive()
        count += len(message.get("body", b""))
        more = message.get("more_body", False)
    await answer(send, 200, str(count))


def gate(app, presence=None, visitors=None, most=10):
    """A gate in front of an app, for files of 1 MB at most."""
    callers = Callers(visitors or Visitors(), presence or Presence(), most)
    return Gate(app, callers, UploadQuota(5, 7), max_upload=1)


def ask(path, body=(b"",), app=reader, method="POST", headers=(), root=""):
    """Return status, words and how many parts of the body were taken."""
    parts, sent = list(body), []

    async def receive():
        return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "path": path,
        "root_path": root,
        "query_string": b"",
        "client": ("127.0.0.1", 1234),
        "headers": list(headers),
        "method": method,
    }
    asyncio.run(gate(app)(scope, receive, send))
    assert ((b"connection", b"close") in sent[0]["headers"]) == (sent[0]["status"] == 413)
    words = json.loads(b"".join(m.get("body", b"") for m in sent[1:]) or b"{}")
    return sent[0]["status"], words.get("error"), len(body) - len(parts)


def test_what_fits_goes_through():
    assert ask("/gradio_api/queue/join", [b"x" * 10, b"y" * 5]) == (200, "15", 2)


@pytest.mark.parametrize("path", CLOSED)
@pytest.mark.parametrize("root", ["", "/below"])
def test_what_the_page_does_not_need_answers_404(path, root):
    async def never(*_):
        raise AssertionError("it went through")

    for method in ("GET", "POST"):
        refused = (404, "There is nothing here.", 0)
        assert ask(root + path, app=never, method=method, root=root) == refused


@pytest.mark.parametrize("path", OPEN)
def test_what_the_page_needs_goes_through(path):
    assert ask(path)[:2] == (200, "0")
    assert ask(f"/below{path}", root="/below")[:2] == (200, "0")
    assert ask(path, root="/below")[:2] == (200, "0")  # behind a proxy that takes that away


def gradios_routes():
    """The paths of all routes that Gradio registers, with an example for each parameter."""

    async def create():
        with gr.Blocks(analytics_enabled=False) as page:
            gr.Textbox()
        return App.create_app(page, mcp_server=True)

    app = asyncio.run(create())
    paths = [*app.openapi()["paths"], *(getattr(each, "path", "") for each in app.routes)]
    for outer in app.routes:
        paths += [outer.path + each.path for each in getattr(outer, "routes", None) or []]
    return {re.sub(r"{[^}]*}", "x", path) for path in paths}


@pytest.mark.filterwarnings("default")
def test_every_route_of_gradio_is_named_or_answers_404_and_every_name_is_of_a_route():
    async def never(*_):
        raise AssertionError("it went through")

    routes = gradios_routes()
    assert len(routes) > 40
    for path in routes:
        if not is_allowed(path):
            assert ask(path, app=never)[0] == 404
    for name in ALLOWED:
        leads = [path for path in routes if path.startswith(name.removesuffix("*"))]
        assert leads or name in ("/health", "/ready", "/frames/*", "/inside/*"), (
            f"Gradio has no route {name} any more"
        )


def test_a_call_that_says_it_is_too_long_is_refused_before_it_comes():
    size = str(MAX_CALL + 1).encode()
    refused = ask("/gradio_api/queue/join", headers=[(b"content-length", size)])
    assert refused == (413, "This call is too long.", 0)
    assert ask("/config", headers=[(b"content-length", b"-5")])[0] == 413


def test_a_call_that_becomes_too_long_is_refused_while_it_comes():
    parts = [b"x" * (MAX_CALL // 4)] * 100
    assert ask("/gradio_api/queue/join", parts) == (413, "This call is too long.", 5)


def test_an_upload_that_is_too_large_is_refused_before_or_while_it_comes():
    told = (413, "At most 1 MB can be uploaded.")
    headers = [(b"content-length", b"200000000")]
    assert ask("/gradio_api/upload", headers=headers) == (*told, 0)

    taken = []

    async def upload(scope, receive, send):  # as Gradio does it
        try:
            while (await receive()).get("more_body"):
                taken.append(1)
        except UploadError as error:
            await answer(send, 413, error.message)

    parts = [b"x" * 100_000] * 2000  # 200 MB of which nothing was said
    status, words, count = ask("/gradio_api/upload", parts, upload)
    assert (status, words.startswith(told[1])) == (413, True)
    assert count <= (1_000_000 + MULTIPART_OVERHEAD) // 100_000 + 1


def test_a_request_that_breaks_what_is_behind_is_answered_without_a_traceback(caplog):
    async def broken(*_):
        raise KeyError("session")

    caplog.set_level("INFO")
    assert ask("/gradio_api/queue/join", app=broken)[:2] == (
        400,
        "This request cannot be understood.",
    )
    assert not caplog.records


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/gradio_api/heartbeat/abc", b""),
        ("/gradio_api/queue/data", b"session_hash=abc"),
        ("/gradio_api/call/stylize/abc", b""),
    ],
)
def test_a_page_counts_as_open_while_it_listens(path, query):
    seen, presence = [], Presence()

    async def look(scope, receive, send):
        seen.append(presence.is_open("abc"))
        await answer(send, 200, "")

    async def go():
        scope = {"type": "http", "path": path, "query_string": query}
        scope |= {"headers": [], "method": "GET"}
        await gate(look, presence)(scope, None, lambda _: asyncio.sleep(0))

    asyncio.run(go())
    assert seen == [True]
    assert not presence.is_open("abc")


def test_without_a_gate_every_page_passes_for_open():
    assert Presence().is_open("abc")


def scope_of(path, address="127.0.0.1", method="GET", **headers):
    """An ASGI scope of a request from an address."""
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "path": path, "query_string": b"", "method": method}
    return scope | {"headers": named, "client": (address, 1234)}


def header(scope, name):
    """The values of a header in a scope."""
    return [value.decode() for key, value in scope["headers"] if key == name.encode()]


def test_what_a_request_says_of_its_visitor_is_replaced_by_what_the_gate_knows():
    seen = []

    async def look(scope, receive, send):
        seen.append((header(scope, VISITOR_HEADER), header(scope, CALLER_HEADER)))
        await answer(send, 200, "")

    forged = {VISITOR_HEADER: "somebody", CALLER_HEADER: "another"}
    for address in ("127.0.0.1", "203.0.113.5"):
        scope = scope_of("/config", address, **forged)
        asyncio.run(gate(look)(scope, None, lambda _: asyncio.sleep(0)))
    assert seen == [([""], []), (["203.0.113.5"], [])]


def test_calls_that_answer_an_assistant_belong_to_it_while_its_request_lasts():
    seen, presence = [], Presence()

    async def look(scope, receive, send):
        (visitor,), (key,) = header(scope, VISITOR_HEADER), header(scope, CALLER_HEADER)
        seen.append((visitor, key, presence.is_open(key)))
        if "mcp" in scope["path"]:  # as Gradio does it
            headers = {CALLER_HEADER: key, VISITOR_HEADER: "any"}
            await whole(scope_of("/gradio_api/queue/join", **headers), None, send)
        await answer(send, 200, "")

    async def receive():
        return {"type": "http.request", "body": b"{}"}

    whole = gate(look, presence)
    scope = scope_of("/gradio_api/mcp/", "203.0.113.5", "POST")
    asyncio.run(whole(scope, receive, lambda _: asyncio.sleep(0)))
    (visitor, key, _), _ = seen
    assert visitor == "203.0.113.5"
    assert seen[1] == seen[0] == (visitor, key, True)
    assert not presence.is_open(key)


@pytest.mark.parametrize(
    ("address", "answered"), [("203.0.113.5", [200] * 3 + [429] * 2), ("127.0.0.1", [200] * 5)]
)
def test_a_visitor_has_some_requests_at_a_time_and_who_is_alone_any(address, answered):
    statuses = []

    async def go():
        done = asyncio.Event()

        async def wait(scope, receive, send):
            await done.wait()
            await answer(send, 200, "")

        async def send(message):
            if "status" in message:
                statuses.append(message["status"])
                closes = (b"connection", b"close") in message["headers"]
                assert closes == (message["status"] == 429)

        whole = gate(wait, most=3)
        calls = [whole(scope_of("/config", address), None, send) for _ in range(5)]
        tasks = [asyncio.ensure_future(call) for call in calls]
        await asyncio.sleep(0)
        other = asyncio.ensure_future(whole(scope_of("/config", "203.0.113.9"), None, send))
        await asyncio.sleep(0)
        done.set()
        await asyncio.gather(*tasks)
        await other
        await whole(scope_of("/config", address), None, send)

    asyncio.run(go())
    assert sorted(statuses) == sorted([*answered, 200, 200])


@pytest.mark.parametrize(
    ("path", "code"), [("/gradio_api/run/x", 408), ("/gradio_api/upload", 400)]
)
def test_a_body_of_which_nothing_comes_any_more_is_given_up(path, code, monkeypatch):
    monkeypatch.setattr(bodies, "STALL", 0.05)
    sent, parts = [], [{"type": "http.request", "body": b"x", "more_body": True}]

    async def receive():
        return parts.pop() if parts else await asyncio.sleep(60)

    async def upload(scope, receive, send):  # as Gradio does it
        try:
            await reader(scope, receive, send)
        except UploadError as error:
            await answer(send, 400, error.message)

    async def send(message):
        sent.append(message)

    asyncio.run(gate(upload)(scope_of(path, method="POST"), receive, send))
    assert sent[0]["status"] == code
    assert b"Nothing came of this request" in sent[1]["body"]


def form(*contents):
    """A form of files with these contents."""
    head = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
    return b"".join(head + content + b"\r\n" for content in contents) + b"--x--\r\n"


@pytest.fixture
def upload(uploads):
    """A function that uploads a form through a gate, and returns status and words."""

    async def store(scope, receive, send):  # as Gradio does it
        await upload_fn(Request(scope, receive), uploads, math.inf, None, force_move=False)
        await answer(send, 200, "")

    whole = gate(store)

    def upload(address, body):
        sent = []

        async def send(message):
            sent.append(message)

        async def receive():
            return {"type": "http.request", "body": body}

        headers = {
            "content_length": f"{len(body)}",
            "content_type": "multipart/form-data; boundary=x",
        }
        scope = scope_of("/gradio_api/upload", address, "POST", **headers)
        asyncio.run(whole(scope, receive, send))
        return sent[0]["status"], sent[1]["body"].decode()

    return upload


def test_uploads_have_a_total_for_each_visitor_and_in_all(upload, uploads):
    files = [form(b"%d" % number * 900_000) for number in range(10)]
    assert [upload("203.0.113.5", file)[0] for file in files[:6]] == [200] * 5 + [413]
    assert "uploaded 4 MB of at most 5 MB" in upload("203.0.113.5", files[5])[1]
    assert [upload("127.0.0.1", file)[0] for file in files[5:8]] == [200, 200, 413]
    assert "no room for more uploads" in upload("203.0.113.9", files[8])[1]
    own = (file for file in uploads.glob("*/a.png") if file.read_bytes() == b"0" * 900_000)
    next(own).unlink()
    assert upload("203.0.113.5", files[9])[0] == 200


def test_many_small_files_are_not_as_little_as_their_bytes(upload):
    assert upload("203.0.113.5", form(*(b"%d" % number for number in range(60))))[0] == 200
    assert "uploaded 6 MB of at most 5 MB" in upload("203.0.113.5", form(b"x"))[1]


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (OSError(errno.ENOSPC, "full"), 507, "The disk of the server is full"),
        (OSError(errno.ENOENT, "gone"), 400, "cannot be understood"),
    ],
)
def test_an_upload_for_which_the_disk_has_no_room_is_refused_in_a_sentence(error, status, words):
    async def fail(scope, receive, send):
        raise error

    told = ask("/gradio_api/upload", app=fail)
    assert told[0] == status
    assert words in told[1]


def test_what_gradio_asks_itself_for_an_assistant_who_has_left_is_refused():
    headers = [(CALLER_HEADER.encode(), f"{ONE_CALL}0123".encode())]
    status, words, _ = ask("/gradio_api/queue/join", headers=headers)
    assert status == 410
    assert "has left" in words


def test_names_that_are_too_long_are_refused_wherever_they_stand():
    async def never(*_):
        raise AssertionError("it went through")

    body = json.dumps({"data": [], "session_hash": "x" * 65}).encode()
    for path in ("run/predict", "call/stylize", "queue/join", "cancel"):
        assert ask(f"/gradio_api/{path}", [body], never)[:2] == (400, TOO_LONG)
    heartbeat = f"/gradio_api/heartbeat/{'x' * 65}"
    assert ask(heartbeat, app=never, method="GET")[:2] == (400, TOO_LONG)


def test_a_websocket_is_refused():
    async def never(*_):
        raise AssertionError("it went through")

    async def send(message):
        sent.append(message)

    sent = []
    scope = {"type": "websocket", "path": "/", "headers": [], "client": ("127.0.0.1", 1)}
    asyncio.run(gate(never)(scope, None, send))
    assert sent == [{"type": "websocket.close"}]
