"""Names that are too long, in front of an app that must not see them."""

import asyncio
import json

import pytest

from style_transfer.ui.http.answers import RefusedError
from style_transfer.ui.http.calls import ONE_CALL
from style_transfer.ui.http.names import (
    LONGEST,
    TOO_LONG,
    check_address,
    checked_body,
    listening_session,
)

FITS, LONG = "x" * LONGEST, "x" * (LONGEST + 1)
FIELDS = ["session_hash", "event_id", "upload_id"]


def scope(query="", method="GET"):
    return {"query_string": query.encode(), "method": method}


def read(body, parts=3):
    """Return what is read of a body that comes in parts."""
    size = len(body) // parts + 1
    pieces = [body[number * size : (number + 1) * size] for number in range(parts)]

    async def receive():
        piece = pieces.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

    async def give():
        return (await (await checked_body(receive))())["body"]

    return asyncio.run(give())


@pytest.mark.parametrize("field", FIELDS)
def test_a_name_in_a_body_has_a_bounded_length(field):
    body = json.dumps({"data": ["é" * 1000], field: FITS}).encode()
    assert read(body) == body
    with pytest.raises(RefusedError, match=TOO_LONG):
        read(json.dumps({"data": [], field: LONG}).encode())
    escaped = json.dumps({"data": [], field: LONG}).replace("_", "\\u005f")
    with pytest.raises(RefusedError):
        read(escaped.encode("utf-16"))


@pytest.mark.parametrize("body", [b"", b"no JSON", b"[1]", b'"x"', b"[" * 100_000, b"\xff"])
def test_a_body_without_names_goes_through_as_it_is(body):
    assert read(body) == body


def test_a_request_that_is_given_up_stays_so():
    async def receive():
        return {"type": "http.disconnect"}

    async def give():
        return await (await checked_body(receive))()

    assert asyncio.run(give()) == {"type": "http.disconnect"}


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/gradio_api/heartbeat/{}", ""),
        ("/gradio_api/call/stylize/{}", ""),
        *[("/gradio_api/queue/data", f"{field}={{}}") for field in FIELDS],
        ("/gradio_api/upload", "upload_id=short&upload_id={}"),
    ],
)
def test_a_name_in_an_address_has_a_bounded_length(path, query):
    check_address(path.format(FITS), scope(query.format(FITS)))
    with pytest.raises(RefusedError, match=TOO_LONG):
        check_address(path.format(LONG), scope(query.format(LONG)))


def test_long_addresses_of_files_are_no_names():
    check_address(f"/gradio_api/file=/{LONG}/{LONG}.png", scope())


def test_the_session_that_is_listened_for_is_the_one_that_gradio_reads():
    assert (
        listening_session("/gradio_api/queue/data", scope("session_hash=a&session_hash=b")) == "b"
    )


def test_the_keys_of_assistants_are_short_enough():
    assert len(ONE_CALL) + 32 <= LONGEST
