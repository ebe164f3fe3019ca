"""What a call from a browser or a program means to a handler: its session, values and errors."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from html import escape
from inspect import isgeneratorfunction
from typing import Any

import gradio as gr
from gradio.components import Component

from style_transfer.ui.http.answers import is_disk_full, tell_full_disk

MAX_MESSAGE = 300  # characters
# Set by the gate, whatever a request says:
VISITOR_HEADER = "x-style-transfer-visitor"  # who makes a request, see `visitors`
CALLER_HEADER = "x-style-transfer-caller"  # the key of an assistant's request
ONE_CALL = "one-call-"  # begins such a key: who has left will not come back

Values = dict[Component, Any]  # what Gradio passes to a handler whose inputs are a set


def shorten(message: str) -> str:
    """Return a message, which may quote a value that somebody sent, cut to MAX_MESSAGE."""
    return message if len(message) <= MAX_MESSAGE else f"{message[: MAX_MESSAGE - 4]} ..."


def error_on_page(message: str) -> gr.Error:
    """Return an exception whose message the page shows; nothing is logged."""
    return gr.Error(_as_html(message), print_exception=False)


def error_for_program(message: str) -> gr.Error:
    """Return an exception whose message a program is told as it is; nothing is logged."""
    return gr.Error(shorten(message), print_exception=False)


def warn_on_page(message: str) -> None:
    """Show a warning on the page whose queued call is being answered."""
    gr.Warning(_as_html(message))


def inform_on_page(message: str) -> None:
    """Show a message on the page whose queued call is being answered."""
    gr.Info(_as_html(message))


def or_error_on_page(function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """Return what `function` returns; a ValueError that it raises becomes a message on the page."""
    try:
        return function(*arguments, **named)
    except ValueError as error:
        raise error_on_page(str(error)) from error


def with_sentence(handler: Callable[..., Any], words: str) -> Callable[..., Any]:
    """Return a handler with one sentence in the place of all its exceptions."""

    @wraps(handler)
    def wrapped(*values: Any) -> Any:
        try:
            return handler(*values)
        except Exception:
            raise error_on_page(words) from None

    return wrapped


def telling_of_full_disk(handler: Callable[..., Any]) -> Callable[..., Any]:
    """Return a handler that says in one sentence where the disk has no room for its files."""

    @wraps(handler)
    def call(*values: Any) -> Any:
        with _full_disk_on_page():
            return handler(*values)

    @wraps(handler)
    def stream(*values: Any) -> Iterator[Any]:
        with _full_disk_on_page():
            yield from handler(*values)

    return stream if isgeneratorfunction(handler) else call


def by_elem_id(values: Values) -> dict[str, Any]:
    """Return the values by the elem_id of their component, so that none is read by position."""
    return {str(component.elem_id): value for component, value in values.items()}


def session_key(request: gr.Request) -> str:
    """Return the hash that Gradio gives a browser tab, or the key of an assistant's request.

    Raises gr.Error for a call with neither.
    """
    if caller := request.headers.get(CALLER_HEADER):
        return str(caller)
    if not request.session_hash:
        raise error_on_page("This call belongs to no page: it has no session.")
    return request.session_hash


def visitor_of(request: gr.Request) -> str:
    """Return who makes a call, as the gate knows: see `visitors`."""
    return str(request.headers.get(VISITOR_HEADER, ""))


def _as_html(message: str) -> str:
    """Return a message as HTML, which Gradio takes each for: markup in it is shown, not obeyed."""
    return escape(shorten(message), quote=False)


@contextmanager
def _full_disk_on_page() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if not is_disk_full(error):
            raise
        raise error_on_page(tell_full_disk(error)) from None
