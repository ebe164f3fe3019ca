"""Answers that are given before Gradio sees a request."""

import json

from starlette.types import Send


class RefusedError(Exception):
    """A request is refused with a status code and one sentence."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(words)
        self.code = code


async def answer(send: Send, code: int, words: str) -> None:
    """Answer a request with one sentence, in JSON."""
    body = json.dumps({"error": words}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": code, "headers": headers})
    await send({"type": "http.response.body", "body": body})
