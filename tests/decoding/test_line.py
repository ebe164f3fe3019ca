"""The line of those who wait for a decoder: no visitor holds the others up."""

import threading
import time
from contextlib import ExitStack
from types import SimpleNamespace

import pytest

from style_transfer.decoding import DecoderPool

BUSY = r"^Too many pictures are being read at the moment"


class Line:
    """A pool of two decoders, and threads that hold one until they are told to give it back."""

    def __init__(self):
        self.pool = DecoderPool(decoders=2, waiting=6, waiting_each=2)
        self.served, self._done, self._threads = [], {}, []

    def join(self, name):
        """Let a thread ask for a decoder, for the visitor whose name is the first letter."""
        self._done[name] = threading.Event()
        before = self.pool.waiting + len(self.served)
        thread = threading.Thread(target=self._hold, args=(name,))
        thread.start()
        self._threads.append(thread)
        self.wait(lambda: self.pool.waiting + len(self.served) > before)

    def leave(self, name):
        """Let it give its decoder back, and the next one have it."""
        before = len(self.served)
        self._done[name].set()
        self.wait(lambda: len(self.served) > before)

    def end(self):
        for done in self._done.values():
            done.set()
        for thread in self._threads:
            thread.join(20)

    def wait(self, condition):
        until = time.monotonic() + 20
        while not condition() and time.monotonic() < until:
            time.sleep(0.001)
        assert condition()

    def _hold(self, name):
        with self.pool.lend(name[:1].strip("-")):
            self.served.append(name)
            self._done[name].wait(20)


@pytest.fixture
def line(monkeypatch):
    made = SimpleNamespace(has_ended=False, end=lambda: None)
    monkeypatch.setattr("style_transfer.decoding.pool.Decoder", lambda _: made)
    with ExitStack() as stack:
        line = Line()
        stack.callback(line.end)
        yield line


def test_the_last_decoder_is_left_to_others(line):
    for name in ("a1", "a2"):
        line.join(name)
    assert line.served == ["a1"]
    line.join("b1")
    assert line.served == ["a1", "b1"]


def test_who_has_no_decoder_comes_before_those_who_have_one(line):
    for name in ("a1", "b1", "a2", "b2", "c1"):
        line.join(name)
    line.leave("a1")
    assert line.served == ["a1", "b1", "a2"]  # who came first of those with none
    line.leave("b1")
    assert line.served[-1] == "b2"
    line.leave("a2")
    assert line.served[-1] == "c1"


def test_a_visitor_has_some_of_the_places_in_the_line_and_others_still_find_one(line):
    for name in ("a1", "a2", "a3", "b1", "c1"):
        line.join(name)
    with pytest.raises(ValueError, match=BUSY), line.pool.lend("a"):
        pass
    line.join("d1")
    assert line.pool.waiting == 4


def test_all_visitors_together_have_so_many_places_in_the_line(line):
    for name in ("a1", "b1", *"cdefgh"):
        line.join(name)
    with pytest.raises(ValueError, match=BUSY), line.pool.lend("i"):
        pass


def test_who_uses_this_machine_alone_may_have_all_decoders_and_places(line):
    for number in range(8):
        line.join(f"-{number}")
    assert line.served == ["-0", "-1"]
    assert line.pool.waiting == 6
