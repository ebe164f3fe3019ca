"""Headers of every answer that tell browsers what to trust."""

import asyncio

import pytest

from style_transfer.ui.http.answers import answer
from style_transfer.ui.http.hosts import Hosts
from style_transfer.ui.http.safe_headers import SafeHeaders


def headers(on_space=False, given=()):
    """Return the headers of an answer to which an app gave some of its own."""
    sent = []

    async def app(scope, receive, send):
        async def sending(message):
            if "headers" in message:
                message["headers"] += given
            await send(message)

        await answer(sending, 403, "No.")

    async def send(message):
        sent.append(message)

    asyncio.run(SafeHeaders(app, on_space)({"type": "http"}, None, send))
    return sent[0]["headers"]


def policy(**options):
    words = dict(headers(**options))[b"content-security-policy"].decode()
    return dict(rule.split(" ", 1) for rule in words.split("; "))


def test_a_refusal_too_forbids_to_guess_types():
    assert dict(headers())[b"x-content-type-options"] == b"nosniff"
    assert dict(headers())[b"content-type"] == b"application/json"


def test_a_page_loads_from_nowhere_else():
    for rule, sources in policy().items():
        assert "*" not in sources, rule
        assert "http" not in sources, rule


@pytest.mark.parametrize(
    ("environment", "framed"), [({}, False), ({"SPACE_ID": "ann/paint"}, True)]
)
def test_on_a_space_alone_the_hub_may_have_it_in_a_frame(environment, framed):
    hosts = Hosts.from_environment(environment)
    sources = policy(on_space=hosts.on_space)["frame-ancestors"].split()
    assert "'self'" in sources
    assert ("https://huggingface.co" in sources) == framed


def test_a_header_of_the_apps_own_gives_way():
    found = headers(given=[(b"Content-Security-Policy", b"default-src *")])
    assert [name.lower() for name, _ in found].count(b"content-security-policy") == 1
