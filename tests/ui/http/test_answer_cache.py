"""Answers that are made once, in front of an app that counts what it is asked."""

import asyncio
import gzip
from contextlib import suppress
from functools import partial

import pytest

from style_transfer.ui.http import answer_cache
from style_transfer.ui.http.answer_cache import AnswerCache
from style_transfer.ui.http.visitors import Visitors

HOST = (b"host", b"localhost:7860")
SQUEEZED = (b"accept-encoding", b"gzip, br")
PLAIN, BROTLI = (b"accept-encoding", b"identity"), (b"accept-encoding", b"br")


class App:
    """Answers with its path and host, and remembers what was asked."""

    def __init__(self, status=200, size=0):
        self.asked, self.status, self.size, self.busy, self.most = [], status, size, 0, 0

    async def __call__(self, scope, receive, send):
        self.asked.append((scope["method"], scope["path"], scope["query_string"]))
        self.busy += 1
        self.most = max(self.most, self.busy)
        assert (await receive())["type"] == "http.request"
        with suppress(asyncio.TimeoutError):  # some apps wait for the end of the connection
            await asyncio.wait_for(receive(), 0.001)
        self.busy -= 1
        host = dict(scope["headers"]).get(b"host", b"")
        start = {"type": "http.response.start", "status": self.status, "headers": []}
        await send(start)
        await send({"type": "http.response.body", "body": b"of ", "more_body": True})
        await send({"type": "http.response.body", "body": host + b"." * self.size})


async def ask(app, path="/", headers=(HOST,), method="GET", query=b"", address="127.0.0.1"):
    """Return headers and body of an answer."""
    sent = []

    async def send(message):
        sent.append(message)

    async def receive():
        return {"type": "http.request", "body": b""}

    scope = {"type": "http", "path": path, "method": method, "headers": list(headers)}
    scope |= {"query_string": query, "scheme": "http", "client": (address, 1)}
    await app(scope, receive, send)
    return dict(sent[0]["headers"]), b"".join(each.get("body", b"") for each in sent[1:])


def both(app, first, second):
    """Ask twice, one after the other, and return the bodies."""

    async def asking():
        return [(await ask(app, **each))[1] for each in (first, second)]

    return asyncio.run(asking())


def test_the_page_is_made_once_whatever_its_query_says():
    app = App()
    queries = {"query": b"beta=8&__theme=dark"}, {"query": b"deep_link=x", "method": "HEAD"}
    assert both(AnswerCache(app, Visitors()), *queries) == [b"of localhost:7860"] * 2
    assert app.asked == [("GET", "/", b"")]


def test_who_ask_at_once_are_given_the_same_answer():
    app = App()
    cache = AnswerCache(app, Visitors())

    async def asking():
        return await asyncio.gather(*(ask(cache) for _ in range(3)))

    assert len({body for _, body in asyncio.run(asking())}) == 1
    assert len(app.asked) == 1


def test_an_answer_says_how_long_it_is():
    headers, body = asyncio.run(ask(AnswerCache(App(), Visitors())))
    assert int(headers[b"content-length"]) == len(body)


@pytest.mark.parametrize("squeezed", [SQUEEZED, (b"accept-encoding", b"gzip")])
def test_the_page_is_compressed_for_who_can_read_that(squeezed):
    cache = AnswerCache(App(size=100_000), Visitors())

    async def asking():
        return [await ask(cache, headers=[HOST, each]) for each in (squeezed, PLAIN, BROTLI)]

    (headers, small), *others = asyncio.run(asking())
    assert headers[b"content-encoding"] == b"gzip"
    assert int(headers[b"content-length"]) == len(small) < 1000
    for headers, body in others:
        assert b"content-encoding" not in headers
        assert body == gzip.decompress(small)


def test_a_page_for_another_host_is_another_and_a_script_is_the_same():
    other = {"headers": [(b"host", b"127.0.0.1")]}
    assert both(AnswerCache(App(), Visitors()), {}, other) == [
        b"of localhost:7860",
        b"of 127.0.0.1",
    ]
    app, script = App(), {"path": "/assets/index.js"}
    hosts = [script | {"headers": [(b"host", name), SQUEEZED]} for name in (b"a", b"b")]
    first, second = both(AnswerCache(app, Visitors()), *hosts)
    assert gzip.decompress(first) == gzip.decompress(second) == b"of a"


def test_what_differs_from_visitor_to_visitor_is_made_anew():
    ranged = {"path": "/assets/a.js", "headers": [SQUEEZED, (b"range", b"bytes=0-9")]}
    for each in ({"path": "/gradio_api/file=/a"}, {"path": "/health"}, {"method": "POST"}, ranged):
        app = App()
        both(AnswerCache(app, Visitors()), each, each)
        assert len(app.asked) == 2, each


def test_a_refusal_is_not_kept():
    app = App(status=404)
    both(AnswerCache(app, Visitors()), {}, {})
    assert len(app.asked) == 2


@pytest.fixture
def waited(monkeypatch):
    """The seconds for which answers were held back, which takes no time."""
    waited = []

    async def sleep(seconds, sleep=asyncio.sleep):
        if seconds:
            waited.append(seconds)
        await sleep(0)

    monkeypatch.setattr(answer_cache.asyncio, "sleep", sleep)
    return waited


def test_many_hosts_take_neither_all_memory_nor_all_time(waited):
    app = App(size=1000)
    cache = AnswerCache(app, Visitors(), most=3500)
    headers = [[(b"host", b"%d" % number)] for number in range(8)]

    async def asking():
        await asyncio.gather(*(ask(cache, headers=each) for each in headers))
        await ask(cache, headers=headers[-1])  # still there
        await ask(cache, headers=headers[0])  # gone

    asyncio.run(asking())
    assert app.most == 1
    assert len(app.asked) == 9
    assert len(waited) == 6  # all from the first on for which another one had to go


def test_who_makes_up_hosts_keeps_others_waiting_for_one_answer_alone():
    app = App(size=1000)
    cache = AnswerCache(app, Visitors(), most=3500)
    made_up = [[(b"host", b"%d" % number)] for number in range(30)]

    async def asking():
        mallory = [
            asyncio.ensure_future(ask(cache, headers=each, address="203.0.113.6"))
            for each in made_up
        ]
        await asyncio.sleep(0)
        await ask(cache, address="203.0.113.5")
        asked = len(app.asked)
        await asyncio.gather(*mallory)
        return asked

    assert asyncio.run(asking()) == 2


@pytest.mark.parametrize(("address", "waits"), [("203.0.113.6", True), ("127.0.0.1", False)])
def test_who_fetches_again_and_again_is_answered_at_a_rate_but_for_the_own_machine(
    address, waits, waited
):
    cache = AnswerCache(App(size=answer_cache.BURST // 10), Visitors())

    async def asking():
        for _ in range(9):
            await ask(cache, address=address)
        waited.clear()
        for _ in range(3):
            await ask(cache, address=address)
        assert len(waited) == 3 * waits
        await ask(cache, address="203.0.113.7")
        assert len(waited) == 3 * waits

    asyncio.run(asking())
    assert all(wait > 0.05 * answer_cache.BURST / answer_cache.RATE for wait in waited[1:])


def test_a_visitor_who_fetched_nothing_for_long_is_forgotten(monkeypatch):
    now = [0.0]
    bucket = partial(answer_cache.TokenBucket, clock=lambda: now[0])
    monkeypatch.setattr(answer_cache, "TokenBucket", bucket)
    cache = AnswerCache(App(), Visitors())

    async def asking():
        for number in range(9):
            now[0] += answer_cache.BURST / answer_cache.RATE
            await ask(cache, address=f"203.0.113.{number}")

    asyncio.run(asking())
    assert [*cache._buckets] == ["203.0.113.8"]
