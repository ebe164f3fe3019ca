"""Whose requests are, by the headers that handlers are given."""

import pytest

from style_transfer.ui.http.answers import RefusedError
from style_transfer.ui.http.callers import Callers
from style_transfer.ui.http.calls import CALLER_HEADER, ONE_CALL, VISITOR_HEADER
from style_transfer.ui.http.presence import Presence
from style_transfer.ui.http.visitors import Visitors

ADDRESS, MCP, CALL = "203.0.113.5", "/gradio_api/mcp/", "/gradio_api/queue/join"


@pytest.fixture
def presence():
    return Presence()


@pytest.fixture
def callers(presence):
    callers = Callers(Visitors(), presence, most=2)
    callers.begin()
    return callers


def scope_of(key=None, address=ADDRESS, method="POST"):
    headers = [(CALLER_HEADER.encode(), key.encode())] if key else []
    scope = {"type": "http", "method": method, "query_string": b"", "headers": headers}
    return scope | {"client": (address, 1234)}


def told(scope, name):
    return dict(scope["headers"]).get(name.encode(), b"").decode()


def test_the_key_of_an_assistant_serves_for_as_long_as_its_request_lasts(callers, presence):
    assistant = scope_of()
    with callers.enter(MCP, assistant):
        key = told(assistant, CALLER_HEADER)
        assert key.startswith(ONE_CALL)
        for _ in range(2):  # the end of one call is not the end of the request
            call = scope_of(key, "127.0.0.1")
            with callers.enter(CALL, call) as visitor:
                assert visitor == told(call, VISITOR_HEADER) == ADDRESS
                assert told(call, CALLER_HEADER) == key
            assert presence.is_open(key)
    assert not presence.is_open(key)
    with pytest.raises(RefusedError, match="has left"), callers.enter(CALL, scope_of(key)):
        pass


def test_two_assistants_of_one_visitor_have_a_key_each(callers):
    first, second = scope_of(), scope_of()
    with callers.enter(MCP, first):
        with callers.enter(MCP, second):
            assert told(first, CALLER_HEADER) != told(second, CALLER_HEADER)
        with callers.enter(CALL, scope_of(told(first, CALLER_HEADER))):
            pass


def test_who_only_asks_what_assistants_can_call_has_no_key(callers):
    scope = scope_of(method="GET")
    with callers.enter(MCP, scope):
        assert not told(scope, CALLER_HEADER)


def test_a_request_that_fails_counts_no_more(callers):
    for _ in range(5):
        with pytest.raises(KeyError), callers.enter("/config", scope_of()):
            raise KeyError
    with callers.enter("/config", scope_of()), callers.enter("/config", scope_of()):
        with (
            pytest.raises(RefusedError, match="2 connections"),
            callers.enter("/config", scope_of()),
        ):
            pass
        with callers.enter("/config", scope_of(address="127.0.0.1")):  # alone, on this machine
            pass
    assert not callers._under_way
