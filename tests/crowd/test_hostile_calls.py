"""Somebody who scripts the page: calls with any values get a sentence or a refusal, soon."""

import json
import queue
import random
import time

import httpx
import pytest

from style_transfer.engine import default_size
from tests.crowd.visitor import BEGINNINGS

ODD = (
    None,
    True,
    -1,
    0,
    10**12,
    10**400,
    1e308,
    float("nan"),
    float("inf"),
    float("-inf"),
    "",
    "relu9_9",
    "\0\ud800"[:1],
    "x" * 20_000,
    "../../etc/passwd",
    [],
    [[]] * 50,
    {},
    {"a": {"b": [1, None]}},
    {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}},
    {"path": "http://127.0.0.1:1/x.png", "meta": {"_type": "gradio.FileData"}},
    {"path": None, "url": "file:///etc/passwd", "meta": {"_type": "gradio.FileData"}},
    {"__type__": "update", "value": 3},
    {"token": ["a"] * 40, "step": "many"},
    {"mask": "data:image/png;base64,AAAA"},
    {"mask": "x" * 10_000},
)
JOIN = "/gradio_api/queue/join"
SOON = 5.0  # s
CALM = 60.0  # s, on a machine that is busy with other tests
GROWTH = 500  # MB; a run of the page's own size takes about as much


def altered(value, chance):
    """Return a value of a call with one odd thing in it, or an odd thing instead."""
    if isinstance(value, dict) and value and chance.random() < 0.7:
        name = chance.choice([*value, *value, "another"])
        return {**value, name: altered(value.get(name), chance)}
    if isinstance(value, list) and value and chance.random() < 0.5:
        at = chance.randrange(len(value))
        return [*value[:at], altered(value[at], chance), *value[at + 1 :]]
    return chance.choice(ODD)


def request(visitor, name, chance):
    """Return the path and the body of a call that does not fit."""
    call = visitor.payload(name)
    match chance.randrange(8):
        case 0:
            call["data"] = chance.choice((None, [], 5, "x", {}, call["data"] * 2, call["data"][1:]))
        case 1:
            call["fn_index"] = chance.choice((-1, 999, "0", None, 1.5, [], 10**30))
        case 2:
            call["session_hash"] = chance.choice((None, 0, "", "x" * 9000, [], {}, "\0", "../x"))
        case 3:
            del call[chance.choice(list(call))]
        case _ if call["data"]:
            at = chance.randrange(len(call["data"]))
            call["data"][at] = altered(call["data"][at], chance)
    if chance.random() < 0.05:
        return JOIN, chance.choice((b"", b"{", b"[]", b"\xff", b"null", b'"x"'))
    paths = [
        "/gradio_api/run/predict",
        JOIN,
        JOIN,
        JOIN,
        f"/gradio_api/call/{name}",
        "/gradio_api/cancel",
    ]
    return chance.choice(paths), json.dumps(call).encode()


def try_all(server, visit, count, seed, soon):
    """Make so many calls, each answered within `soon` seconds; return the slowest answer."""
    chance, slowest, visitor = random.Random(seed), 0.0, visit(server)
    headers = {"content-type": "application/json"}
    for number in range(count):
        if number % 50 == 49:
            visitor.leave()
            visitor = visit(server)
        names = [name for name in visitor.names if name != "leave"]
        name = chance.choice(names + ["submit"] * (len(names) // 3))
        path, body = request(visitor, name, chance)
        began = time.monotonic()
        if path == JOIN and visitor.key.encode() in body:
            answer = visitor.submit(body)
            if answer.is_success:
                hear_the_end(visitor, soon)
        else:
            answer = visitor.http.post(path, content=body, headers=headers)
        if name.startswith("submit") and answer.is_success:
            begins = json.dumps(visitor.payload(chance.choice(BEGINNINGS)))
            assert visitor.submit(begins.encode()).is_success  # with what was just chosen
            hear_the_end(visitor, soon)
        assert "Traceback" not in answer.text, (path, body[:300])
        taken = time.monotonic() - began
        assert taken <= soon, (path, body[:300], answer.text[:300])
        slowest = max(slowest, taken)
    visitor.leave()
    return slowest


def hear_the_end(visitor, soon):
    """Wait for the end of a queued call; a run that began after all is stopped."""
    until = time.monotonic() + soon
    while time.monotonic() < until:
        try:
            ended = visitor.finished.get(timeout=0.2)
        except queue.Empty:
            visitor.call("stop")
            continue
        if not ended["success"]:
            assert "\n" not in ended["error"]
            assert 5 < len(ended["error"]) < 500, ended
        return


def test_odd_calls_get_a_sentence(shared, visit):
    try_all(shared, visit, 60, seed=1, soon=CALM)
    assert "Traceback" not in shared.log
    assert shared.health()["alive"]


@pytest.mark.slow
def test_many_odd_calls_get_a_sentence_soon_and_in_bounds(serve, visit):
    server = serve(OMP_NUM_THREADS=1)
    visitor = visit(server)
    visitor.start(default_size(), steps=5)  # as large as those that odd calls may begin
    visitor.finished.get(timeout=300)  # it measures the machine, which may be busy
    before = server.peak_mb
    slowest = try_all(server, visit, 600, seed=2, soon=SOON)
    visitor.wait(lambda: server.health()["runs"] == 0)
    grown = server.peak_mb - before
    print(f"\n600 odd calls: slowest {slowest:.2f} s, peak memory + {grown:.0f} MB")
    assert "Traceback" not in server.log
    assert grown < GROWTH
    visitor.start(128, steps=5)
    assert visitor.finished.get(timeout=60)["success"]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("steps", 10**12, "Steps must be"),
        ("alpha", float("nan"), "Photo must be"),
        ("beta", float("inf"), "Paint must be"),
        ("style_layers", {"relu9_9": 1}, "relu9_9"),
        ("style_layers", {}, "layer"),
        ("alpha", "much", "Photo must be"),
    ],
)
def test_a_knob_beyond_its_range_is_refused_with_what_is_allowed(shared, visit, name, value, words):
    visitor = visit(shared)
    visitor.settings(**{name: value})
    assert visitor.join("start").is_success
    ended = visitor.finished.get(timeout=CALM)
    assert not ended["success"]
    assert words in ended["error"]


def test_200_mb_are_refused_while_they_come(shared):
    sent = 0

    def parts():
        nonlocal sent
        yield b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
        while sent < 200:
            sent += 1
            yield b"x" * 1_000_000

    headers = {"content-type": "multipart/form-data; boundary=x"}
    try:
        answer = httpx.post(
            f"{shared.url}/gradio_api/upload", content=parts(), headers=headers, timeout=CALM
        )
        assert answer.status_code == 413
    except (httpx.WriteError, httpx.RemoteProtocolError, httpx.ReadError):
        pass  # it was cut off, which is as good
    assert sent < 100
    assert not [file for file in shared.files() if file.name.startswith("tmp")]
    assert "Traceback" not in shared.log
