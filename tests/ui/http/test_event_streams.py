"""What proxies are told of streams of events."""

import asyncio

import pytest

from style_transfer.ui.http.event_streams import EventStreams


def headers(*given):
    """Return the headers of an answer to which an app gave some."""
    sent = []

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [*given]})
        await send({"type": "http.response.body", "body": b"data: 1\n\n"})

    async def send(message):
        sent.append(message)

    asyncio.run(EventStreams(app)({"type": "http"}, None, send))
    assert sent[1]["body"] == b"data: 1\n\n"
    return dict(sent[0]["headers"])


def test_a_stream_of_events_is_to_be_passed_on_as_it_comes():
    found = headers((b"content-type", b"text/event-stream; charset=utf-8"), (b"a", b"b"))
    assert found[b"x-accel-buffering"] == b"no"
    assert found[b"a"] == b"b"


@pytest.mark.parametrize("given", [[], [(b"content-type", b"image/jpeg")]])
def test_other_answers_are_left_as_they_are(given):
    assert headers(*given) == dict(given)
