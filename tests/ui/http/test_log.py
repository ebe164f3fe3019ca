"""Nobody can write a log line by what he sends."""

import asyncio
import logging
import sys

import pytest
import uvicorn
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser
from uvicorn.logging import AccessFormatter, DefaultFormatter

from style_transfer.ui.http import log
from style_transfer.ui.http.log import (
    EASILY_ALARMED,
    PlainRecord,
    log_no_alarms,
    plain,
    use_plain_records,
)

FORGED = "/a\n2026-01-01 Run 1 ends\r\x1b[31m\x9b2J\u2028\u202e\ud800"
SHOWN = r"/a\n2026-01-01 Run 1 ends\r\x1b[31m\x9b2J\u2028\u202e\ud800"


@pytest.fixture(autouse=True)
def factory():
    """Plain records for one test."""
    before = logging.getLogRecordFactory()
    use_plain_records()
    yield
    logging.setLogRecordFactory(before)


def record(message, *values, exception=None):
    make = logging.getLogRecordFactory()
    return make("name", logging.INFO, "file", 1, message, values, exception)


@pytest.mark.parametrize(
    ("message", "values"),
    [(f"GET {FORGED}", ()), ("GET %s", (FORGED,)), ("%s %s", ("GET", FORGED))],
)
def test_line_breaks_and_escape_codes_are_shown_escaped(message, values):
    for formatter in (logging.Formatter("%(message)s"), DefaultFormatter("%(message)s")):
        assert formatter.format(record(message, *values)) == f"GET {SHOWN}"


def test_an_objects_words_are_escaped_too():
    line = logging.Formatter().format(record("refused: %s", ValueError(FORGED)))
    assert line == f"refused: {SHOWN}"


def test_the_access_log_shows_a_path_escaped():
    access = record('%s - "%s %s HTTP/%s" %d', "1.2.3.4:5", "GET", FORGED, "1.1", 404)
    line = AccessFormatter('%(client_addr)s "%(request_line)s"', use_colors=False).format(access)
    assert line == f'1.2.3.4:5 "GET {SHOWN} HTTP/1.1"'


def test_no_line_of_a_traceback_looks_like_a_log_line():
    try:
        raise ValueError(FORGED)
    except ValueError:
        text = logging.Formatter().format(record("A fault.\n", exception=sys.exc_info()))
    first, *lines = text.split("\n")
    assert first == "A fault."
    assert lines[0] == "  Traceback (most recent call last):"
    assert all(line.startswith("  ") and plain(line) == line for line in lines)


def test_words_and_named_values_stay_as_they_are():
    assert record("A photo, größer: 写真 %d", 5).getMessage() == "A photo, größer: 写真 5"
    assert record("%(name)s", {"name": "a\tb"}).getMessage() == r"a\tb"
    assert isinstance(record("a"), PlainRecord)


@pytest.fixture
def calm():
    """Libraries that are easily alarmed, as they are while a page is served."""
    log_no_alarms()
    yield
    for name in EASILY_ALARMED:
        logging.getLogger(name).removeFilter(log._is_error)


def test_requests_that_no_server_understands_are_not_logged(calm, capfd):
    upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13"
    asked = f"GET / HTTP/1.1\r\nHost: x\r\n{upgrade}\r\nSec-WebSocket-Key: YQ==\r\n\r\n"

    async def silent(scope, receive, send):
        await send({"type": "http.response.start", "status": 404, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def ask():
        config = uvicorn.Config(silent, port=0, lifespan="off", log_level="warning", ws="none")
        server = uvicorn.Server(config)
        serving = asyncio.ensure_future(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        address = server.servers[0].sockets[0].getsockname()
        for request in (b"nonsense\r\n\r\n", asked.encode()):
            reader, writer = await asyncio.open_connection(*address)
            writer.write(request)
            assert (await reader.readline()).startswith(b"HTTP/1.1 4")
            writer.close()
        server.should_exit = True
        await serving

    asyncio.run(ask())
    logging.getLogger("uvicorn.error").error("A fault.")
    assert capfd.readouterr().err.split() == ["ERROR:", "A", "fault."]


def test_a_form_that_cannot_be_read_is_not_logged(calm, caplog):
    parser = MultipartParser(b"x", {})
    with pytest.raises(MultipartParseError):
        parser.write(b"--x\r\nA\0: b\r\n\r\n")
    assert not caplog.records
    assert parser.logger.name in EASILY_ALARMED
