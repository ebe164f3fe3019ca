"""The names under which the page is served, and whose pages may call it.

A browser does not let a page of others read our answers, but it lets a page whose name suddenly
leads to our address (DNS rebinding). Such a request names the other page's host.
"""

import ipaddress
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from style_transfer.runs import PREFIX
from style_transfer.ui.http.answers import answer

HOSTS_VARIABLE = f"{PREFIX}HOSTS"
_VARIABLES = "SPACE_HOST", "GRADIO_SERVER_NAME"  # names, separated by commas
_NAME = re.compile(r"[a-z0-9._-]*")
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


class Hosts:
    """The host names under which the page is served.

    Loopback names and all addresses in numbers are among them: no name server can let these lead
    elsewhere.
    """

    def __init__(self, names: Iterable[str] = (), on_space: bool = False) -> None:
        self.names = frozenset(name.strip().lower() for name in names if name.strip())
        self.on_space = on_space  # whether the Hub shows the page, in a frame

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Hosts":
        """Return the hosts that a Space or whoever runs the server names.

        Raises ValueError, one sentence, for what is no name.
        """
        names = [name for each in _VARIABLES for name in environment.get(each, "").split(",")]
        names += map(_given_name, environment.get(HOSTS_VARIABLE, "").split(","))
        return cls(names, bool(environment.get("SPACE_ID")))

    def serve(self, host: str) -> bool:
        """Return whether a request for `host`, a name with or without a port, is for this page."""
        name = _name(host)
        local = name == "localhost" or name.endswith(".localhost")
        return local or name in self.names or _is_address(name)

    def trust(self, origin: str, asked: Iterable[str]) -> bool:
        """Return whether a page at `origin` may call one that was `asked` for by these hosts."""
        scheme, _, place = origin.lower().partition("://")
        port = _DEFAULT_PORTS.get(scheme, "")
        own = {host.strip().lower().removesuffix(port) for host in asked}
        return place.removesuffix(port) in own or _name(place) in self.names


class HostCheck:
    """Middleware that refuses requests for other hosts and by the pages of others."""

    def __init__(self, app: ASGIApp, hosts: Hosts) -> None:
        self._app, self._hosts = app, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        if scope["type"] == "http" and (words := self._refusal(Headers(scope=scope))):
            return await answer(send, 403, words)
        return await self._app(scope, receive, send)

    def _refusal(self, headers: Headers) -> str:
        host, origin = headers.get("host", ""), headers.get("origin")
        if not self._hosts.serve(host):
            return (
                f"This page is not served as {host[:80]!r}; whoever runs it can allow that name "
                f"by {HOSTS_VARIABLE}."
            )
        # Only a proxy can set the second: no browser lets a page of others send such a header.
        asked = (host, *headers.get("x-forwarded-host", host).split(","))
        if origin is not None and not self._hosts.trust(origin, asked):
            return f"Pages of {origin[:80]!r} may not call this one."
        return ""


def _given_name(text: str) -> str:
    """Return a name that whoever runs the server gives as browsers write it, "" for none."""
    name = text.strip().lower().removesuffix(".")
    with suppress(UnicodeError):  # of a name too long, or with an empty part
        ascii_name = name.encode("idna").decode()
        if _NAME.fullmatch(ascii_name):
            return ascii_name
    raise ValueError(
        f"{HOSTS_VARIABLE} must be names such as paint.example, without scheme and port and with "
        f"commas between, not {text.strip()!r}."
    )


def _name(host: str) -> str:
    """Return a host in lower case without its port, and an IPv6 address without brackets."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:  # such as unbalanced brackets
        return ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
