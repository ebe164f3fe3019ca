"""Answers that are given before Gradio sees a request."""

import errno
import json

from starlette.types import Send

DISK_FULL = "The disk of the server is full; please try again later."
_NO_ROOM = {getattr(errno, name, None) for name in ("ENOSPC", "EDQUOT", "EROFS")} - {None}


class RefusedError(Exception):
    """A request is refused with a status code and one sentence."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(words)
        self.code = code


def is_disk_full(error: OSError) -> bool:
    """Return whether a file could not be written for want of room, or of any room to write to."""
    return error.errno in _NO_ROOM


async def answer(send: Send, code: int, words: str) -> None:
    """Answer a request with one sentence, in JSON."""
    body = json.dumps({"error": words}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": code, "headers": headers})
    await send({"type": "http.response.body", "body": body})
