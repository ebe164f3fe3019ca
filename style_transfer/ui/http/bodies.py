"""The body of a request as it comes: bounded in bytes, and in the time between two parts."""

import asyncio

from starlette.types import Message, Receive, Scope

from style_transfer.runs import MEGABYTE
from style_transfer.ui.http.answers import RefusedError
from style_transfer.ui.http.gradio_uploads import UPLOAD_TOO_LARGE, UploadError

MAX_CALL = 1_000_000  # bytes of a request that is no upload; the longest of the page has 10,000
MULTIPART_OVERHEAD = 10_000  # bytes around an uploaded file
STALL = 30.0  # s for which nothing of a body comes, and it is given up

_CALL_TOO_LONG = "This call is too long."
_STALLED = f"Nothing came of this request for {STALL:.0f} seconds."


def announced_length(scope: Scope) -> int | None:
    """Return how many bytes a request says that it has; None for what is no number."""
    length = dict(scope["headers"]).get(b"content-length", b"0")
    return int(length) if length.isdigit() else None


def bounded_call(scope: Scope, receive: Receive) -> Receive:
    """Return `receive` that raises RefusedError where a call becomes too long or stalls.

    Raises it at once where the call says that it is too long.
    """
    _check_announced(scope, MAX_CALL, _CALL_TOO_LONG)
    stalled, too_long = RefusedError(408, _STALLED), RefusedError(413, _CALL_TOO_LONG)
    return _bounded(receive, MAX_CALL, stalled, too_long)


def bounded_upload(scope: Scope, receive: Receive, megabytes: int) -> Receive:
    """Return `receive` that raises Gradio's error where an upload is too large, stalls or breaks.

    Raises RefusedError at once where it says that it is too large.
    """
    most = megabytes * MEGABYTE + MULTIPART_OVERHEAD
    words = f"At most {megabytes} MB can be uploaded."
    _check_announced(scope, most, words)
    too_large = UploadError(f"{words} It exceeds the {UPLOAD_TOO_LARGE}.")
    bounded = _bounded(receive, most, UploadError(_STALLED), too_large)

    async def whole() -> Message:
        message = await bounded()
        if message["type"] == "http.disconnect":
            raise too_large
        return message

    return whole


async def whole_body(receive: Receive) -> Message:
    """Return the body of a request as one message, or what comes in the place of its rest."""
    parts, message = list[bytes](), await receive()
    while message["type"] == "http.request":
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return {**message, "body": b"".join(parts)}
        message = await receive()
    return message


def _bounded(receive: Receive, most: int, stalled: Exception, too_long: Exception) -> Receive:
    """Return `receive` that raises one of the errors after `most` bytes, or where none come."""
    received, more = 0, True

    async def bounded() -> Message:
        nonlocal received, more
        message = await _soon(receive) if more else await receive()
        if message is None:
            raise stalled
        received, more = received + len(message.get("body", b"")), message.get("more_body", False)
        if received > most:
            raise too_long
        return message

    return bounded


def _check_announced(scope: Scope, most: int, words: str) -> None:
    announced = announced_length(scope)
    if announced is None or announced > most:
        raise RefusedError(413, words)


async def _soon(receive: Receive) -> Message | None:
    """Return the next part of a body, None where none comes in time."""
    try:
        return await asyncio.wait_for(receive(), STALL)
    except asyncio.TimeoutError:
        return None
