"""The names by which requests tell sessions, events and uploads: made up by those who ask.

Gradio keeps some of them for long, so that their length is bounded.
"""

import json
from typing import Any

from starlette.datastructures import QueryParams
from starlette.types import Message, Receive, Scope

from style_transfer.ui.http.answers import RefusedError
from style_transfer.ui.http.bodies import whole_body

LONGEST = 64  # characters; a page's have 11, a client's 36, and an assistant's key has 41
TOO_LONG = f"The name of a session, an event or an upload has at most {LONGEST} characters."
_FIELDS = "session_hash", "event_id", "upload_id"


def listening_session(path: str, scope: Scope) -> str:
    """Return the session whose page a request listens for, "" where it listens for none."""
    route, _, rest = path.removeprefix("/gradio_api/").partition("/")
    if route == "heartbeat":
        return rest
    if path == "/gradio_api/queue/data":
        return QueryParams(scope["query_string"]).get("session_hash", "")
    return rest.rpartition("/")[2] if route == "call" and scope["method"] == "GET" else ""


def named_upload(scope: Scope) -> str:
    """Return the name of the upload that a request brings or asks for, "" for none."""
    return QueryParams(scope["query_string"]).get("upload_id", "")


def check_address(path: str, scope: Scope) -> None:
    """Raise RefusedError for a request whose address has too long a name."""
    query = QueryParams(scope["query_string"])
    for name in (listening_session(path, scope), *map(query.get, _FIELDS)):
        _check(name)


async def checked_body(receive: Receive) -> Receive:
    """Return `receive` that gives again what it gave, the body of a call as one message.

    Raises RefusedError where there is too long a name in it.
    """
    messages = [await whole_body(receive)]
    try:
        values = json.loads(messages[0].get("body", b""))
    except (ValueError, RecursionError):  # which nobody behind can read either
        values = None
    for field in _FIELDS if isinstance(values, dict) else ():
        _check(values.get(field))

    async def again() -> Message:
        return messages.pop() if messages else await receive()

    return again


def _check(name: Any) -> None:
    if isinstance(name, str) and len(name) > LONGEST:
        raise RefusedError(400, TOO_LONG)
