"""Short names in the place of the server's folders, in all that comes and goes.

Gradio names files by their absolute paths, in addresses as in the values of calls. These would tell
strangers the user, where the program is installed, and how the machine is laid out.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from style_transfer.ui.http.bodies import whole_body
from style_transfer.ui.http.gradio_internals import FILE_ROUTE

_TEXTS = ("application/json", "text/html", "text/event-stream")  # types of answers with paths


class PathAliases:
    """The folders whose files a page serves, each with a name that strangers see."""

    def __init__(self, folders: Mapping[str, Path]) -> None:
        """`folders` by alias, which needs no escape in addresses and JSON, such as "page-files"."""
        shown = {name.encode(): folder.absolute() for name, folder in folders.items()}
        self._folders = {name: folder.as_posix() for name, folder in shown.items()}
        forms = {form: name for name, folder in shown.items() for form in _forms(folder)}
        self._forms = sorted(forms.items(), key=lambda pair: -len(pair[0]))
        names, before = b"|".join(map(re.escape, shown)), re.escape(FILE_ROUTE.encode())
        # Windows joins the parts of paths by backslashes, of which each is two in JSON.
        self._in_json = re.compile(rb'("|%s)(%s)(?=/|\\\\)' % (before, names))

    def hide(self, data: bytes) -> bytes:
        """Return what is sent, with aliases in the place of folders."""
        for form, name in self._forms:
            data = data.replace(form, name)
        return data

    def reveal(self, path: str) -> str:
        """Return a path that may begin with an alias, with the folder instead."""
        name, *rest = re.split(r"(?=[/\\])", path, maxsplit=1)
        return "".join((self._folders.get(name.encode(), name), *rest))

    def reveal_in_json(self, data: bytes) -> bytes:
        """Return the JSON of a call with folders in the place of aliases that begin paths."""

        def folder(found: re.Match[bytes]) -> bytes:
            before, place = found[1], self._folders[found[2]]
            is_address = before != b'"'
            return before + (_quoted(place) if is_address else _in_json(place))

        return self._in_json.sub(folder, data)


class HiddenPaths:
    """Middleware that translates between folders and aliases, but for what is in files."""

    def __init__(self, app: ASGIApp, aliases: PathAliases) -> None:
        self._app, self._aliases = app, aliases

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, and its answer back."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        head, route, path = scope["path"].partition(FILE_ROUTE)
        if route:
            scope = {**scope, "path": f"{head}{route}{self._aliases.reveal(path)}"}
            return await self._app(scope, receive, self._hiding(send, first_status=400))
        if Headers(scope=scope).get("content-type", "").startswith("application/json"):
            receive = self._revealing(receive)
        return await self._app(scope, receive, self._hiding(send))

    def _revealing(self, receive: Receive) -> Receive:
        """Return `receive` that gives the body as a whole, since an alias may be in two parts."""

        async def whole() -> Message:
            message = await whole_body(receive)
            if "body" in message:
                message["body"] = self._aliases.reveal_in_json(message["body"])
            return message

        return whole

    def _hiding(self, send: Send, first_status: int = 0) -> Send:
        """Return `send` that hides folders in texts, of answers whose status is no lower."""
        is_text, waiting = False, list[Message]()

        async def hiding(message: Message) -> None:
            nonlocal is_text
            if message["type"] == "http.response.start":
                headers = Headers(raw=message["headers"])
                is_text = headers.get("content-type", "").startswith(_TEXTS)
                is_text = is_text and message["status"] >= first_status
                if is_text and "content-length" in headers:  # others are streams, begun at once
                    return waiting.append(message)
            elif is_text:
                message = {**message, "body": self._aliases.hide(message.get("body", b""))}
                while waiting:
                    await send(_sized(waiting.pop(), message))
            return await send(message)

        return hiding


def _sized(start: Message, body: Message) -> Message:
    """Return the start of an answer with the length of its body, if that is all of it."""
    headers = [pair for pair in start["headers"] if pair[0].lower() != b"content-length"]
    if not body.get("more_body"):
        headers.append((b"content-length", b"%d" % len(body["body"])))
    return {**start, "headers": headers}


def _forms(folder: Path) -> set[bytes]:
    """Return how a folder is written in texts, in JSON and in addresses."""
    paths = {form(path) for path in (folder, folder.resolve()) for form in (str, Path.as_posix)}
    written = (str.encode, _quoted, _in_json, lambda path: _in_json(path, ensure_ascii=False))
    return {write(path) for path in paths for write in written}


def _in_json(path: str, ensure_ascii: bool = True) -> bytes:
    return json.dumps(path, ensure_ascii=ensure_ascii)[1:-1].encode()


def _quoted(path: str) -> bytes:
    return quote(path, safe="/:").encode()
