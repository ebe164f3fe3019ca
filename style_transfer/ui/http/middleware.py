"""The gate: what comes in before Gradio sees it, and what is not let through."""

import json
import logging
from collections import Counter
from contextlib import suppress
from urllib.parse import parse_qs

from gradio.route_utils import MultiPartException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from style_transfer.runs.limits import limits
from style_transfer.ui.http.connections import end_lost

MAX_CALL = 1_000_000  # bytes of a request that is no upload; the longest real one has some 10,000
ENVELOPE = 10_000  # bytes around an uploaded file
# Gradio's doors that this page does not use; behind some lies what belongs to others.
CLOSED = (
    "/custom_component",
    "/dev/",
    "/gradio_api/component_server",
    "/gradio_api/deep_link",
    "/gradio_api/dev/",
    "/gradio_api/file/",
    "/gradio_api/file=http",
    "/gradio_api/process_recording",
    "/gradio_api/proxy=",
    "/gradio_api/run-history",
    "/gradio_api/stream/",
    "/gradio_api/undo-vibe-edit",
    "/gradio_api/vibe-edit",
    "/monitoring",
    "/openapi.json",
)

_log = logging.getLogger(__name__)


class Pages:
    """Who is there: the connections that a page, or a program, holds open to hear from us."""

    def __init__(self) -> None:
        self._connections: Counter[str] = Counter()
        self.watched = False  # whether a gate stands; without one nothing can be told

    def open(self, page: str) -> bool:
        """Return whether the page of a session is connected."""
        return not self.watched or self._connections[page] > 0

    def add(self, page: str, count: int) -> None:
        """Count connections that were opened, or closed where `count` is below 0."""
        self._connections[page] += count
        if self._connections[page] <= 0:
            del self._connections[page]


PAGES = Pages()


class TooLargeError(Exception):
    """More came than may."""


class Gate:
    """ASGI middleware: closes unused doors, bounds what comes in, answers nonsense with 400."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._watching = False
        PAGES.watched = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through to Gradio, or answer it."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        path = scope["path"]
        if path.lower().startswith(CLOSED):
            return await _answer(send, 404, "There is nothing here.")
        if not self._watching:
            self._watching = True
            with suppress(AttributeError):  # served by something else than Gradio
                end_lost(scope["app"].get_blocks().server)
        begun, page = False, _page(scope)  # whether an answer was

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = True
            if message.get("status") == 413:  # or the rest of what is too large would still come
                message["headers"] = [*message["headers"], (b"connection", b"close")]
            await send(message)

        try:
            PAGES.add(page, 1)
            return await self._app(scope, _bounded(scope, receive), sending)
        except TooLargeError as error:
            code, words = 413, str(error)
        except Exception:  # handlers print theirs; what comes here is Gradio's over a bad request
            _log.debug("A request was refused.", exc_info=True)
            code, words = 400, "This request cannot be understood."
        finally:
            PAGES.add(page, -1)
        if begun:
            return await send({"type": "http.response.body", "body": b""})  # its end
        return await _answer(sending, code, words)


def _page(scope: Scope) -> str:
    """Return whose page a request listens for, "" where it listens for none."""
    door, _, rest = scope["path"].removeprefix("/gradio_api/").partition("/")
    if door == "heartbeat":
        return rest
    if scope["path"] == "/gradio_api/queue/data":
        return parse_qs(scope["query_string"].decode(errors="replace")).get("session_hash", [""])[0]
    return rest.rpartition("/")[2] if door == "call" and scope["method"] == "GET" else ""


def _bounded(scope: Scope, receive: Receive) -> Receive:
    """Return `receive` that ends with an exception where more comes than may."""
    upload = scope["path"].rstrip("/") == "/gradio_api/upload"
    most = limits().upload * 1_000_000 + ENVELOPE if upload else MAX_CALL
    words = f"At most {limits().upload} MB can be uploaded." if upload else "This call is too long."
    claimed = dict(scope["headers"]).get(b"content-length", b"0")
    if not claimed.isdigit() or int(claimed) > most:
        raise TooLargeError(words)
    come = 0

    async def bounded() -> Message:
        nonlocal come
        message = await receive()
        come += len(message.get("body", b""))
        # Gradio removes what has come of an upload only at an exception of this class.
        if upload and (come > most or message["type"] == "http.disconnect"):
            raise MultiPartException(f"{words} It exceeds the maximum allowed size.")
        if come > most:
            raise TooLargeError(words)
        return message

    return bounded


async def _answer(send: Send, code: int, words: str) -> None:
    body = json.dumps({"error": words}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": code, "headers": headers})
    await send({"type": "http.response.body", "body": body})
