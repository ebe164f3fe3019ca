"""The gate: ASGI middleware in front of Gradio that lets through what the page needs, and no more.

Whatever ALLOWED does not name answers 404, also what later versions of Gradio add.
"""

import logging
from urllib.parse import parse_qs

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from style_transfer.ui.http.answers import answer
from style_transfer.ui.http.gradio_internals import UPLOAD_TOO_LARGE, UploadError
from style_transfer.ui.http.presence import Presence

MAX_CALL = 1_000_000  # bytes of a request that is no upload; the longest of the page has 10,000
MULTIPART_OVERHEAD = 10_000  # bytes around an uploaded file
ALLOWED = (  # paths; "*" stands for anything at the end
    "/",
    "/config",
    "/theme.css",
    "/favicon.ico",
    "/manifest.json",
    "/pwa_icon",
    "/pwa_icon/*",
    "/robots.txt",
    "/assets/*",  # scripts and styles
    "/svelte/*",
    "/static/*",
    "/health",
    "/gradio_api/startup-events",  # launch() asks for it
    "/gradio_api/info",  # of the endpoint, for programs and "Use via API"
    "/gradio_api/mcp",
    "/gradio_api/mcp/*",
    "/gradio_api/heartbeat/*",
    "/gradio_api/queue/join",
    "/gradio_api/queue/data",
    "/gradio_api/run/*",
    "/gradio_api/call/*",
    "/gradio_api/cancel",
    "/gradio_api/reset",
    "/gradio_api/upload",
    "/gradio_api/upload_progress",
    "/gradio_api/file=*",
)
REFUSED = "/gradio_api/file=http"  # Gradio would redirect there
_EXACT = frozenset(path for path in ALLOWED if not path.endswith("*"))
_PREFIXES = tuple(path[:-1] for path in ALLOWED if path.endswith("*"))

_log = logging.getLogger(__name__)


class TooLargeError(Exception):
    """A request is longer than its path allows."""


class Gate:
    """Middleware that closes unused paths, bounds requests and counts listening connections."""

    def __init__(self, app: ASGIApp, presence: Presence, max_upload: int) -> None:
        """`max_upload` is in MB, of a file."""
        self._app, self._presence, self._max_upload = app, presence, max_upload
        presence.is_tracked = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through to Gradio, or answer it."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        path = _path(scope)
        if not is_allowed(path):
            return await answer(send, 404, "There is nothing here.")
        begun, session = False, _listening_session(path, scope)  # whether the answer has begun

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = True
            if message.get("status") == 413:  # or the rest of the upload would still be received
                message["headers"] = [*message["headers"], (b"connection", b"close")]
            await send(message)

        try:
            self._presence.add(session, 1)
            return await self._app(scope, self._bounded(path, scope, receive), sending)
        except TooLargeError as error:
            code, words = 413, str(error)
        except Exception:  # handlers log theirs; this is Gradio's, at a request it cannot read
            _log.debug("A request was refused.", exc_info=True)
            code, words = 400, "This request cannot be understood."
        finally:
            self._presence.add(session, -1)
        if begun:
            return await send({"type": "http.response.body", "body": b""})  # its end
        return await answer(sending, code, words)

    def _bounded(self, path: str, scope: Scope, receive: Receive) -> Receive:
        """Return `receive` that raises an exception where a request becomes too long."""
        upload, most, words = path.rstrip("/") == "/gradio_api/upload", MAX_CALL, _CALL_TOO_LONG
        if upload:
            most = self._max_upload * 1_000_000 + MULTIPART_OVERHEAD
            words = f"At most {self._max_upload} MB can be uploaded."
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if not announced.isdigit() or int(announced) > most:
            raise TooLargeError(words)
        received = 0

        async def bounded() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if upload and (received > most or message["type"] == "http.disconnect"):
                raise UploadError(f"{words} It exceeds the {UPLOAD_TOO_LARGE}.")
            if received > most:
                raise TooLargeError(words)
            return message

        return bounded


_CALL_TOO_LONG = "This call is too long."


def is_allowed(path: str) -> bool:
    """Return whether requests for a path are let through."""
    if path.lower().startswith(REFUSED):
        return False
    return path in _EXACT or path.rstrip("/") in _EXACT or path.startswith(_PREFIXES)


def _path(scope: Scope) -> str:
    """Return the path below that at which the page is served."""
    path, root = scope["path"], scope.get("root_path", "").rstrip("/")
    return path.removeprefix(root) if path.startswith(f"{root}/") else path


def _listening_session(path: str, scope: Scope) -> str:
    """Return the session whose page a request listens for, "" where it listens for none."""
    route, _, rest = path.removeprefix("/gradio_api/").partition("/")
    if route == "heartbeat":
        return rest
    if path == "/gradio_api/queue/data":
        return parse_qs(scope["query_string"].decode(errors="replace")).get("session_hash", [""])[0]
    return rest.rpartition("/")[2] if route == "call" and scope["method"] == "GET" else ""
