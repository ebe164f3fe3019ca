"""Answers that are given before Gradio sees a request."""

import errno
import json
import logging
import time
from functools import lru_cache

from starlette.types import Send

DISK_FULL = "The disk of the server is full; please try again later."
TOLD_EVERY = 3600.0  # s from one line in the log about a full disk to the next
_NO_ROOM = {getattr(errno, name, None) for name in ("ENOSPC", "EDQUOT", "EROFS")} - {None}

_log = logging.getLogger(__name__)


class RefusedError(Exception):
    """A request is refused with a status code and one sentence."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(words)
        self.code = code


def is_disk_full(error: OSError) -> bool:
    """Return whether a file could not be written for want of room, or of any room to write to."""
    return error.errno in _NO_ROOM


def tell_full_disk(error: OSError) -> str:
    """Return the sentence for who cannot be served; the log tells the reason now and then."""
    _log_full_disk(error.strerror, int(time.monotonic() / TOLD_EVERY))
    return DISK_FULL


async def answer(send: Send, code: int, words: str) -> None:
    """Answer a request with one sentence, in JSON."""
    body = json.dumps({"error": words}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": code, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@lru_cache(maxsize=len(_NO_ROOM))  # many a request meets the same
def _log_full_disk(reason: str, _period: int) -> None:
    _log.warning("Visitors cannot be served, for files cannot be written: %s.", reason)
