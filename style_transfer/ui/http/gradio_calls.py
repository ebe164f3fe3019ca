"""Calls: whoever scripts the page may send anything; what does not fit gets one sentence."""

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any
from urllib.parse import unquote

import gradio as gr

NO_FIT = "These values do not fit the call: it takes other types, another number, or own uploads."
NO_FETCH = "Upload the file first, to /gradio_api/upload; no address is fetched from here."
UPLOADED = "/gradio_api/file="  # in the address of an upload, before its path

LONGEST = 300  # characters of a sentence


def brief(words: str) -> str:
    """Return a sentence that may repeat what somebody sent, as far as it should."""
    return words if len(words) <= LONGEST else f"{words[: LONGEST - 4]} ..."


def check_calls(page: gr.Blocks) -> None:
    """Let the page answer values that it cannot take without a traceback; after its queue."""
    preprocess, push = page.preprocess_data, page._queue.push

    async def named(body: Any, request: Any, username: Any) -> Any:
        body.session_hash = body.session_hash or None  # Gradio loses sight of a page called ""
        return await push(body=body, request=request, username=username)

    async def checked(block_fn: Any, inputs: Any, *rest: Any, **named: Any) -> Any:
        try:
            for file in _files(inputs):  # assistants name an upload by its address
                file["path"] = unquote(file["path"].partition(UPLOADED)[2]) or file["path"]
                if file["path"].lower().startswith(("http:", "https:", "ftp:", "data:")):
                    raise gr.Error(NO_FETCH)
            return await preprocess(block_fn, inputs, *rest, **named)
        except gr.Error as error:
            raise gr.Error(brief(error.message), print_exception=False) from None
        except Exception:  # Gradio has as many kinds as components
            raise gr.Error(NO_FIT, print_exception=False) from None

    for each in page.fns.values():
        if each.fn and each.fn.__module__.startswith("gradio."):  # it fills in samples
            each.fn = _told(each.fn)
    page.preprocess_data = checked  # type: ignore[method-assign]
    page._queue.push = named  # type: ignore[method-assign]


def _told(handler: Callable[..., Any]) -> Callable[..., Any]:
    """Return a handler of Gradio's own that says in a sentence what it cannot take."""

    @wraps(handler)
    def told(*values: Any) -> Any:
        try:
            return handler(*values)
        except Exception:
            raise gr.Error(NO_FIT, print_exception=False) from None

    return told


def _files(value: Any) -> Iterator[dict[str, Any]]:
    """Yield all files in a call's values, each with its path."""
    if isinstance(value, dict):
        if isinstance(value.get("path"), str):
            yield value
        value = list(value.values())
    if isinstance(value, list | tuple):
        for each in value:
            yield from _files(each)
