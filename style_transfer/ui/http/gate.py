"""The gate: ASGI middleware in front of Gradio that lets through what the page needs, and no more.

Whatever neither ALLOWED nor the gate's maker names answers 404, also what later versions of Gradio
add.
"""

import logging
from collections.abc import Collection

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from style_transfer.runs import MEGABYTE
from style_transfer.ui.http.answers import RefusedError, answer, is_disk_full, tell_full_disk
from style_transfer.ui.http.bodies import announced_length, bounded_call, bounded_upload
from style_transfer.ui.http.callers import Callers
from style_transfer.ui.http.gradio_uploads import progress_forgotten
from style_transfer.ui.http.names import check_address, checked_body, named_upload
from style_transfer.ui.http.upload_quota import UploadQuota

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
    "/ready",
    "/frames/*",  # of runs, see `frames`
    "/inside/*",  # what the network sees of them, see `inside`
    "/gradio_api/app_id",  # a page whose connection broke asks for it, and loads itself anew
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
UPLOAD = "/gradio_api/upload"
CLOSING = (408, 413, 429)  # status codes after which the rest of a request would still be received
NOT_UNDERSTOOD = "This request cannot be understood."
REFUSED = "/gradio_api/file=http"  # Gradio would redirect there
_EXACT = frozenset(path for path in ALLOWED if not path.endswith("*"))
_PREFIXES = tuple(path[:-1] for path in ALLOWED if path.endswith("*"))

_log = logging.getLogger(__name__)


class Gate:
    """Middleware that closes unused paths, bounds requests and counts those under way."""

    def __init__(
        self,
        app: ASGIApp,
        callers: Callers,
        quota: UploadQuota,
        max_upload: int,
        beside: Collection[str] = (),
    ) -> None:
        """`max_upload` is in MB, of a file; the paths `beside` are let through too."""
        self._app, self._callers, self._quota = app, callers, quota
        self._beside = frozenset(beside)
        self._max_upload = max_upload
        callers.begin()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through to Gradio, or answer it."""
        if scope["type"] == "websocket":  # which nothing here uses
            return await send({"type": "websocket.close"})
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        path = path_below(scope)
        if path not in self._beside and not is_allowed(path):
            return await answer(send, 404, "There is nothing here.")
        begun = False  # whether the answer has

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = True
            if message.get("status") in CLOSING:
                message["headers"] = [*message["headers"], (b"connection", b"close")]
            await send(message)

        try:
            check_address(path, scope)
            followed = progress_forgotten(named_upload(scope))
            with self._callers.enter(path, scope) as visitor, followed:
                if path.rstrip("/") == UPLOAD:
                    return await self._take_upload(visitor, scope, receive, sending)
                bounded = bounded_call(scope, receive)
                if scope["method"] == "POST":  # read here: Gradio has its own words for any fault
                    bounded = await checked_body(bounded)
                return await self._app(scope, bounded, sending)
        except RefusedError as error:
            code, words = error.code, str(error)
        except OSError as error:
            is_full = is_disk_full(error)
            code, words = (507, tell_full_disk(error)) if is_full else (400, NOT_UNDERSTOOD)
        except Exception:  # handlers log theirs; this is Gradio's, at a request it cannot read
            _log.debug("A request was refused.", exc_info=True)
            code, words = 400, NOT_UNDERSTOOD
        if begun:
            return await send({"type": "http.response.body", "body": b""})  # its end
        return await answer(sending, code, words)

    async def _take_upload(self, visitor: str, scope: Scope, receive: Receive, send: Send) -> None:
        bounded = bounded_upload(scope, receive, self._max_upload)
        size = announced_length(scope) or self._max_upload * MEGABYTE
        with self._quota.reserve(visitor, size):
            await self._app(scope, bounded, send)


def is_allowed(path: str) -> bool:
    """Return whether requests for a path are let through."""
    if path.lower().startswith(REFUSED):
        return False
    return path in _EXACT or path.rstrip("/") in _EXACT or path.startswith(_PREFIXES)


def path_below(scope: Scope) -> str:
    """Return the path below that at which the page is served."""
    path, root = scope["path"], scope.get("root_path", "").rstrip("/")
    return path.removeprefix(root) if path.startswith(f"{root}/") else path
