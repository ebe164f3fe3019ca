"""Requests under way: whose they are, how many each visitor has, and which page they listen for."""

import secrets
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.datastructures import MutableHeaders
from starlette.types import Scope

from style_transfer.runs import OWN_MACHINE
from style_transfer.ui.http.answers import RefusedError
from style_transfer.ui.http.calls import CALLER_HEADER, ONE_CALL, VISITOR_HEADER
from style_transfer.ui.http.names import listening_session
from style_transfer.ui.http.presence import Presence
from style_transfer.ui.http.visitors import Visitors


class Callers:
    """Counts requests, and tells handlers by headers of ours who makes them.

    Gradio answers a call of an assistant (MCP) by calls to itself, over which it passes the
    headers on. So the assistant's request gets a key of its own, and the calls with that key belong
    to it: to its visitor, and for as long as it lasts.
    """

    def __init__(self, visitors: Visitors, presence: Presence, most: int) -> None:
        """`most` is how many requests a visitor may have under way."""
        self.visitors, self._presence, self._most = visitors, presence, most
        self._assistants: dict[str, str] = {}  # visitors by the key of an assistant's request
        self._under_way: Counter[str] = Counter()  # requests by visitor

    def begin(self) -> None:
        """Say that requests are counted from now on."""
        self._presence.is_tracked = True

    @contextmanager
    def enter(self, path: str, scope: Scope) -> Iterator[str]:
        """Count a request while it lasts; gives its visitor.

        Raises RefusedError for too many, and for what Gradio asks itself for an assistant who has
        left: it would pass for a call by somebody else, whom nobody sees leaving.
        """
        headers = MutableHeaders(scope=scope)
        key = headers.get(CALLER_HEADER, "")
        visitor = self._assistants.get(key)
        del headers[CALLER_HEADER]
        if visitor is None and key.startswith(ONE_CALL):
            raise RefusedError(410, "The assistant who asked for this has left.")
        if visitor is None:
            visitor, key = self.visitors.who_asks(scope), ""
            if visitor != OWN_MACHINE and self._under_way[visitor] >= self._most:
                raise RefusedError(
                    429, f"You have {self._most} connections to this page; close some of them."
                )
        session = listening_session(path, scope)
        if not key and _is_assistants(path, scope):
            key = session = ONE_CALL + secrets.token_hex(16)
            self._assistants[key] = visitor
        headers[VISITOR_HEADER] = visitor
        if key:
            headers[CALLER_HEADER] = key
        scope["headers"] = headers.raw
        self._count(visitor, session, 1)
        try:
            yield visitor
        finally:
            self._count(visitor, session, -1)
            if session == key:
                self._assistants.pop(key, None)

    def _count(self, visitor: str, session: str, count: int) -> None:
        self._presence.add(session, count)
        self._under_way[visitor] += count
        if not self._under_way[visitor]:
            del self._under_way[visitor]


def _is_assistants(path: str, scope: Scope) -> bool:
    return path.startswith("/gradio_api/mcp") and scope["method"] == "POST"
