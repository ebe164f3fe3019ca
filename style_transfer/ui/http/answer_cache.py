"""Answers that are the same for everybody, made once and then given from memory.

For each request Gradio copies and writes the page's configuration anew, and compresses each script.
A few clients that fetch them again and again would take a core from the runs. Sending them takes
the processor too, mostly by the byte, so each visitor's come at a bounded rate.
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any
from weakref import WeakValueDictionary

from starlette.datastructures import Headers
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from style_transfer.runs import OWN_MACHINE
from style_transfer.ui.http.gate import path_below
from style_transfer.ui.http.visitors import Visitors
from style_transfer.ui.token_bucket import TokenBucket

PAGES = ("/", "/config", "/theme.css", "/gradio_api/info")  # which may name the host that is asked
SCRIPTS = ("/assets/", "/svelte/", "/static/")  # files of Gradio, a few MB compressed
MOST = 64_000_000  # bytes of answers that are kept; those that were not asked for longest go
SHARE = 0.25  # of the time, at most, in which answers are made where not all can be kept
RATE, BURST = 4_000_000, 40_000_000  # bytes a second to a visitor, and at once: many page loads
REQUEST = 20_000  # bytes that take as long to send as an answer without a body takes
_NAMING = ("host", "x-forwarded-host", "x-forwarded-proto", "x-gradio-server", "origin")


@dataclass(frozen=True)
class _Answer:
    start: Message
    body: bytes

    async def give(self, send: Send) -> None:
        await send(dict(self.start))
        await send({"type": "http.response.body", "body": self.body})


class AnswerCache:
    """Middleware that keeps the answers to requests for the page and its scripts.

    Such an answer may depend on the host and on the encodings that are asked for; a query means
    something to the page's own script alone. One answer is made at a time, and for each visitor in
    turn: one who makes up hosts keeps nobody else waiting. The page is compressed to a fifth, which
    Gradio leaves as it is.
    """

    def __init__(self, app: ASGIApp, visitors: Visitors, most: int = MOST) -> None:
        """Keep answers of `app`, at most `most` bytes of them."""
        self._app, self._visitors = app, visitors
        self._compressed = GZipMiddleware(app)  # leaves alone what is compressed already
        self._most, self._size = most, 0
        self._kept: OrderedDict[Any, _Answer] = OrderedDict()
        self._making = asyncio.Lock()
        self._lines: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()  # by visitor
        self._overflows = False  # whether an answer had to go
        self._buckets: dict[str, TokenBucket] = {}  # of visitors that fetched something lately

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request from memory, or let it through."""
        key = _key(scope)
        if key is None:
            return await self._app(scope, receive, send)
        answer, visitor = self._kept.get(key), self._visitors.who_asks(scope)
        if answer is None:
            line = self._lines.setdefault(visitor, asyncio.Lock())
            async with line, self._making:
                answer = self._kept.get(key) or await self._make(key, scope)
        else:
            self._kept.move_to_end(key)
        if visitor != OWN_MACHINE and (wait := self._wait(visitor, len(answer.body) + REQUEST)):
            await asyncio.sleep(wait)
        return await answer.give(send)

    def _wait(self, visitor: str, size: int) -> float:
        """Return the seconds after which a visitor may be sent so many bytes."""
        bucket = self._buckets.get(visitor)
        if bucket is None:
            full = [each for each, bucket in self._buckets.items() if bucket.is_full]
            for each in full:
                del self._buckets[each]
            bucket = self._buckets[visitor] = TokenBucket(RATE, BURST)
        return bucket.spend(size)

    async def _make(self, key: Any, scope: Scope) -> _Answer:
        """Return the app's answer to a request, kept where it is what was asked for."""
        loop = asyncio.get_running_loop()
        began, asked, messages = loop.time(), list[bool](), list[Message]()

        async def receive() -> Message:  # a request without a body, by somebody who stays
            if asked:
                await asyncio.Event().wait()
            asked.append(True)
            return {"type": "http.request", "body": b"", "more_body": False}

        async def keep(message: Message) -> None:
            messages.append(message)

        await self._compressed({**scope, "method": "GET", "query_string": b""}, receive, keep)
        body = b"".join(message.get("body", b"") for message in messages)
        headers = [pair for pair in messages[0]["headers"] if pair[0] != b"content-length"]
        headers.append((b"content-length", b"%d" % len(body)))
        answer = _Answer({**messages[0], "headers": headers}, body)
        if answer.start["status"] == 200:
            self._keep(key, answer)
        if self._overflows:  # such as by somebody who makes up host after host
            await asyncio.sleep((loop.time() - began) * (1 / SHARE - 1))
        return answer

    def _keep(self, key: Any, answer: _Answer) -> None:
        self._kept[key] = answer
        self._size += len(answer.body)
        while self._size > self._most:
            self._size -= len(self._kept.popitem(last=False)[1].body)
            self._overflows = True


def _key(scope: Scope) -> Any:
    """Return what an answer depends on; None for a request whose answer is not kept."""
    if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
        return None
    path, headers = path_below(scope), Headers(scope=scope)
    accepted = headers.get("accept-encoding", "")
    encodings = [name for name in ("br", "gzip") if name in accepted]
    if path in PAGES:
        named = tuple(headers.get(name) for name in _NAMING)
        return path, *encodings, scope.get("root_path"), scope.get("scheme"), named
    # Files as they are cost little to send, and take much memory.
    plain = "range" not in headers and "origin" not in headers
    if path.startswith(SCRIPTS) and encodings and plain:
        return path, *encodings
    return None
