"""The middleware, in front of an app that tells what came through."""

import asyncio
import json

import pytest

from style_transfer.runs.limits import Limits
from style_transfer.ui.http import middleware
from style_transfer.ui.http.middleware import CLOSED, ENVELOPE, MAX_CALL, PAGES, Gate


@pytest.fixture(autouse=True)
def small_uploads(monkeypatch):
    monkeypatch.setattr(middleware, "limits", lambda: Limits(upload=1))
    monkeypatch.setattr(PAGES, "watched", False)


async def reader(scope, receive, send):
    """An app that reads all and answers with how many bytes came."""
    count, more = 0, True
    while more:
        message = await receive()
        count += len(message.get("body", b""))
        more = message.get("more_body", False)
    await middleware._answer(send, 200, str(count))


def ask(path, body=(b"",), app=reader, method="POST", headers=()):
    """Return status, words and how many parts of the body were taken."""
    parts, sent = list(body), []

    async def receive():
        return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "path": path,
        "query_string": b"",
        "headers": list(headers),
        "method": method,
        "app": None,
    }
    asyncio.run(Gate(app)(scope, receive, send))
    assert ((b"connection", b"close") in sent[0]["headers"]) == (sent[0]["status"] == 413)
    words = json.loads(b"".join(m.get("body", b"") for m in sent[1:]) or b"{}")
    return sent[0]["status"], words.get("error"), len(body) - len(parts)


def test_what_fits_goes_through():
    assert ask("/gradio_api/queue/join", [b"x" * 10, b"y" * 5]) == (200, "15", 2)


@pytest.mark.parametrize("path", CLOSED)
def test_doors_that_the_page_does_not_use_are_closed(path):
    async def never(*_):
        raise AssertionError("it went through")

    for way in (path, path.upper(), path + "x/y"):
        assert ask(way, app=never) == (404, "There is nothing here.", 0)


def test_a_call_that_says_it_is_too_long_is_refused_before_it_comes():
    size = str(MAX_CALL + 1).encode()
    refused = ask("/gradio_api/queue/join", headers=[(b"content-length", size)])
    assert refused == (413, "This call is too long.", 0)
    assert ask("/x", headers=[(b"content-length", b"-5")])[0] == 413


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
        except middleware.MultiPartException as error:
            await middleware._answer(send, 413, error.message)

    parts = [b"x" * 100_000] * 2000  # 200 MB of which nothing was said
    status, words, count = ask("/gradio_api/upload", parts, upload)
    assert (status, words.startswith(told[1])) == (413, True)
    assert count <= (1_000_000 + ENVELOPE) // 100_000 + 1


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
def test_a_page_counts_as_open_while_it_listens(path, query, monkeypatch):
    seen = []

    async def look(scope, receive, send):
        seen.append(PAGES.open("abc"))
        await middleware._answer(send, 200, "")

    async def go():
        scope = {"type": "http", "path": path, "query_string": query}
        scope |= {"headers": [], "method": "GET", "app": None}
        await Gate(look)(scope, None, lambda _: asyncio.sleep(0))

    asyncio.run(go())
    assert seen == [True]
    assert not PAGES.open("abc")
