"""Who a visitor is, for the limits that hold for each: an address, or what a Space tells of it."""

import base64
import binascii
import hashlib
import ipaddress
import json
from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.types import Scope

from style_transfer.runs import OWN_MACHINE
from style_transfer.ui.http.hosts import HOSTS_VARIABLE

_TOKEN = "x-ip-token"  # the Hub's, a JSON web token, on some Spaces
_PASSING = {"exp", "iat", "nbf", "jti"}  # claims by which two tokens of one visitor differ


class Visitors:
    """Tells visitors apart."""

    def __init__(self, are_expected: bool = False, on_space: bool = False) -> None:
        """`are_expected` says that others than the user of this machine come."""
        self._are_expected, self._on_space = are_expected, on_space

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Visitors":
        """Return what tells visitors apart on a Space or under names given to the page."""
        on_space = bool(environment.get("SPACE_ID"))
        return cls(on_space or bool(environment.get(HOSTS_VARIABLE)), on_space)

    def who_asks(self, scope: Scope) -> str:
        """Return who makes a request: OWN_MACHINE, an address, a network of IPv6, or a token.

        The address is the one that uvicorn sees or is told by a proxy that FORWARDED_ALLOW_IPS
        trusts, which is this machine by default.
        """
        headers, (address, _) = Headers(scope=scope), scope.get("client") or ("", 0)
        forwarded = headers.get("x-forwarded-for", "")
        if self._on_space:
            return _token_holder(headers.get(_TOKEN, "")) or _network(
                _last_public(forwarded) or address
            )
        if not (self._are_expected or forwarded) and _is_loopback(address):
            return OWN_MACHINE
        return _network(address)


def _token_holder(token: str) -> str:
    """Return a short name for what a token says of its holder; "" for what is no token.

    The Hub's proxy sets it, so that there is no need to verify the signature here.
    """
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        lasting = sorted((name, str(claims[name])) for name in claims.keys() - _PASSING)
    except (IndexError, binascii.Error, ValueError, AttributeError):
        return ""
    return hashlib.sha256(repr(lasting).encode()).hexdigest()[:32] if lasting else ""


def _last_public(forwarded: str) -> str:
    """Return the last address that is no inner one: who spoke to the Hub's outermost proxy."""
    for each in reversed(forwarded.split(",")):
        try:
            if ipaddress.ip_address(each.strip()).is_global:
                return each.strip()
        except ValueError:
            continue
    return ""


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:  # such as that of a Unix socket
        return False


def _network(address: str) -> str:
    """Return what one household has: an IPv4 address, or a /64 network of IPv6."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:80] or "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
