"""Who a visitor is, by address and by what a Space tells."""

import base64
import json

import pytest

from style_transfer.runs import OWN_MACHINE
from style_transfer.ui.http.visitors import Visitors

HOME, OPEN = Visitors(), Visitors.from_environment({"STYLE_TRANSFER_HOSTS": "paint.example"})
SPACE = Visitors.from_environment({"SPACE_ID": "ann/paint"})


def who(visitors, address, **headers):
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return visitors.who_asks({"type": "http", "client": (address, 1), "headers": named})


def token(**claims):
    """A JSON web token with these claims."""
    parts = [json.dumps(each).encode() for each in ({"alg": "x"}, claims)]
    return ".".join([*(base64.urlsafe_b64encode(p).decode().rstrip("=") for p in parts), "sign"])


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_the_user_of_this_machine_is_alone_unless_others_are_expected_or_a_proxy_asks(address):
    assert who(HOME, address) == OWN_MACHINE
    assert who(OPEN, address) != OWN_MACHINE
    assert who(HOME, address, x_forwarded_for="203.0.113.5") != OWN_MACHINE


def test_visitors_are_told_apart_by_address_and_households_of_ipv6_by_network():
    assert who(HOME, "203.0.113.5") == "203.0.113.5" == who(HOME, "::ffff:203.0.113.5")
    assert who(HOME, "203.0.113.6") != who(HOME, "203.0.113.5")
    assert who(HOME, "2001:db8::1") == who(HOME, "2001:db8::2") != who(HOME, "2001:db8:0:1::1")
    assert who(HOME, "fe80::1%eth0") == "fe80::/64"
    assert who(HOME, "") not in (OWN_MACHINE, who(HOME, "203.0.113.5"))


def test_what_somebody_says_of_proxies_does_not_change_who_he_is():
    one = who(HOME, "203.0.113.5", x_forwarded_for="198.51.100.1", x_ip_token=token(ip="1.2.3.4"))
    assert one == "203.0.113.5"


def test_visitors_of_a_space_are_told_apart_behind_its_proxy():
    forged = "192.0.2.1, 8.8.8.8, "
    one, other = (
        who(SPACE, "10.0.0.3", x_forwarded_for=f"{forged}{address}, 10.1.2.3")
        for address in ("9.9.9.9", "9.9.9.10")
    )
    assert (one, other) == ("9.9.9.9", "9.9.9.10")
    assert who(SPACE, "10.0.0.3", x_forwarded_for="no address") == "10.0.0.3"


def test_the_token_of_a_space_names_its_holder_however_often_it_is_issued_anew():
    first, again, other = (
        who(SPACE, "10.0.0.3", x_ip_token=token(**claims))
        for claims in ({"ip": "a", "exp": 1}, {"ip": "a", "exp": 2}, {"ip": "b", "exp": 1})
    )
    assert first == again != other


@pytest.mark.parametrize(
    "odd", ["", "a", "a.b.c", "a.!.c", "..", token(exp=1), "a.W10.c", "a.Mw.c"]
)
def test_what_is_no_token_tells_nothing(odd):
    assert who(SPACE, "10.0.0.3", x_ip_token=odd, x_forwarded_for="9.9.9.9") == "9.9.9.9"
