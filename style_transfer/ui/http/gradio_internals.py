"""All that the page uses of Gradio beyond its public interface, beside `gradio_uploads`.

tests/ui/http/test_gradio_internals.py checks each of these against the installed version, and
says in one sentence what has moved.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import gradio as gr
from gradio.components import Component

from style_transfer.ui.http.calls import (
    VISITOR_HEADER,
    error_for_program,
    error_on_page,
    telling_of_full_disk,
    with_sentence,
)

UNFIT_VALUES = (
    "These values do not fit the call: it takes other types, another number, or own uploads."
)
NOT_CALLED = "This is done by the page itself, without a call."
NOT_UPLOADED = "Upload the file first, to /gradio_api/upload; no address is fetched from here."
FILE_ROUTE = "/gradio_api/file="  # in the address of a file, before its path
FILE_MARK = {"_type": "gradio.FileData"}  # of a file whose path Gradio checks; others it trusts
QUEUE_POLLING = 0.05  # s; Gradio asks its own queue a thousand times a second, which slows runs
PROGRESS_POLLING = 1.0  # s; for gr.Progress, which is not used
COUNTED_CALLS = 1  # of which Gradio would make a table after each call, which nobody reads


def poll_seldom(page: gr.Blocks) -> None:
    """Let Gradio look less often for work in its queue, and count less. After `page.queue()`."""
    page._queue.sleep_when_free = QUEUE_POLLING
    page._queue.progress_update_sleep_when_free = PROGRESS_POLLING
    page._queue.ANALYTICS_MAX_EVENTS = COUNTED_CALLS


def use_path_unread(image: gr.Image) -> None:
    """Let an image input give its handlers the path of the uploaded file, or None.

    Gradio would decode the picture first, and log a traceback for a damaged one.
    """
    image.preprocess = _path_of  # type: ignore[method-assign]


def use_value_unread(component: Component) -> None:
    """Let an input give its handlers the value that a call has, neither checked nor rounded."""
    component.preprocess = _as_it_is  # type: ignore[method-assign]


def tell_programs(component: Component, schema: dict[str, Any]) -> None:
    """Let the documentation for programs say `schema`, of JSON, of an input's values."""
    component.api_info = lambda: schema  # type: ignore[method-assign]


def check_calls(page: gr.Blocks) -> None:
    """Answer values that the components of `page` cannot take in one sentence, without traceback.

    After `page.queue()`. Calls name files by path or by the address of an upload; other addresses,
    which Gradio would fetch, are refused, and so are paths that are no uploads. An empty session
    hash, whose session Gradio would not find again, counts as none, and events that scripts alone
    answer are refused. Handlers tell of a full disk.
    Values stay unread, see `use_path_unread`, also for a page whose component was updated.
    """
    preprocess_data, push = page.preprocess_data, page._queue.push

    async def checked_push(body: Any, request: Any, username: Any) -> Any:
        body.session_hash = body.session_hash or None
        return await push(body=body, request=request, username=username)

    async def checked_preprocess(
        block_fn: Any, inputs: Any, state: Any, *rest: Any, **named: Any
    ) -> Any:
        # Programs are told words as they are, the page shows them as HTML.
        is_public = getattr(block_fn, "api_visibility", "") == "public"
        refusal = error_for_program if is_public else error_on_page
        if block_fn.fn is None:  # an event that a script alone answers
            raise refusal(NOT_CALLED)
        try:
            for file in _files_in(inputs):
                file["path"] = unquote(file["path"].partition(FILE_ROUTE)[2]) or file["path"]
                if file["path"].lower().startswith(("http:", "https:", "ftp:", "data:")):
                    raise refusal(NOT_UPLOADED)
                file["meta"] = dict(FILE_MARK)
            _stay_unread(block_fn.inputs, state)
            return await preprocess_data(block_fn, inputs, state, *rest, **named)
        except gr.Error as error:
            raise refusal(error.message) from None
        except Exception:  # each component raises its own kinds
            raise refusal(UNFIT_VALUES) from None

    for each in page.fns.values():
        if each.fn and each.fn.__module__.startswith("gradio."):  # such as those of gr.Examples
            each.fn = with_sentence(each.fn, UNFIT_VALUES)
        elif each.fn:
            each.fn = telling_of_full_disk(each.fn)
    page.preprocess_data = checked_preprocess  # type: ignore[method-assign]
    page._queue.push = checked_push  # type: ignore[method-assign]


def limit_calls(page: gr.Blocks, most: int) -> None:
    """Let a visitor have at most so many queued calls, of all that fit into the queue of `page`.

    After `page.queue()`.
    """
    push = page._queue.push

    async def limited_push(body: Any, request: Any, username: Any) -> Any:
        visitor = request.headers.get(VISITOR_HEADER, "")
        events = list(page._queue.event_ids_to_events.values()) if visitor else ()
        callers = [event.request.headers.get(VISITOR_HEADER) for event in events]
        if callers.count(visitor) >= most:
            words = f"You have {most} calls under way, which is the limit for one visitor."
            return False, words, "queue_full"
        return await push(body=body, request=request, username=username)

    page._queue.push = limited_push  # type: ignore[method-assign]


def share_patient_client(page: gr.Blocks) -> None:
    """Let the calls to itself, by which Gradio answers assistants, share a client without time-out.

    To be called where the page is served. Each of many calls at once would make a client of its
    own, and give up after 5 seconds before the line of runs could refuse it.
    """
    server = page.mcp_server_obj
    if not server:
        return
    connect, making = server._get_or_create_client, threading.Lock()

    def share() -> Any:
        with making:
            client = connect()
            client.httpx_kwargs["timeout"] = None
            return client

    server._get_or_create_client = share  # type: ignore[method-assign]


def read_pictures_at(page: gr.Blocks, path_of: Callable[[str], str]) -> None:
    """Let Gradio find the pictures that it sends to assistants, by the path of what it was told.

    To be called where the page is served.
    """
    server = page.mcp_server_obj
    if server:
        get_image = server.get_image
        server.get_image = lambda file_path: get_image(path_of(file_path))  # type: ignore[method-assign]


def known_sessions(page: gr.Blocks) -> set[str]:
    """Return the hashes of all sessions that Gradio stores anything of, open or not."""
    return {key for store in _session_stores(page) for key in list(store)}


def calling_sessions(page: gr.Blocks) -> set[str]:
    """Return the hashes of the sessions whose calls are queued or under way."""
    return {event.session_hash for event in list(page._queue.event_ids_to_events.values())}


def forget_sessions(page: gr.Blocks, keys: set[str]) -> None:
    """Drop the component values and unread messages of these sessions.

    Gradio itself keeps those of the last few hundred.
    """
    for store in _session_stores(page):
        for key in keys:
            store.pop(key, None)


def forget_file_names(page: gr.Blocks) -> None:
    """Drop the names of all files that came or were made: Gradio keeps them for `delete_cache`."""
    for names in page.temp_file_sets:
        names.clear()


def put_in_front(app: Any, middleware: Callable[[Any], Any]) -> None:
    """Let requests of an app that has begun pass through `middleware` first, before Gradio's own.

    Gradio answers requests of other pages' scripts before any middleware that `launch` takes.
    """
    app.middleware_stack = middleware(app.middleware_stack)


def server_of(page: gr.Blocks) -> Any:
    """Return the uvicorn server that serves `page`; None before and without one."""
    return getattr(page, "server", None) if page.is_running else None


def file_url(file: Path) -> str:
    """Return the address of a file that Gradio serves, relative to that of the page."""
    return FILE_ROUTE.removeprefix("/") + quote(file.as_posix(), safe="/:")


def sample_files(page: gr.Blocks) -> set[Path]:
    """Return the files that Gradio copied into its upload folder for all visitors."""
    kept = (getattr(block, "keep_in_cache", ()) for block in page.blocks.values())
    return {Path(file) for files in kept for file in files}


def _path_of(payload: Any) -> str | None:
    return payload.path if payload else None


def _as_it_is(payload: Any) -> Any:
    return payload


def _stay_unread(components: Iterable[Component], state: Any) -> None:
    """Let those of a session give their values as those of the page do.

    For each update, `gr.skip()` among them, Gradio makes a component of its class anew. No class of
    ours, since Gradio writes a file beside the module of each.
    """
    for each in components:
        if state is not None and "preprocess" in vars(each) and each._id in state:
            state[each._id].preprocess = each.preprocess


def _session_stores(page: gr.Blocks) -> list[Any]:
    holder, queue = page.state_holder, page._queue
    return [
        holder.session_data,
        holder.time_last_used,
        queue.pending_messages_per_session,
        queue.pending_event_ids_session,
    ]


def _files_in(value: Any) -> Iterator[dict[str, Any]]:
    """Yield all files in the values of a call: dictionaries with a path."""
    if isinstance(value, Mapping):
        if isinstance(value.get("path"), str):
            yield value  # type: ignore[misc]
        value = list(value.values())
    if isinstance(value, list | tuple):
        for each in value:
            yield from _files_in(each)
