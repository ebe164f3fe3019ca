"""Files that are not what they say, uploaded to a page: it stays small, and answers meanwhile."""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from style_transfer.decoding.limits import FORMATS
from tests.crowd.visitor import CALM
from tests.picture_files.test_hostile_files import SEEDS, mutated

VISITORS = 4
GROWTH = 300  # MB above rest, of the server; its decoders are counted apart
STALL = 0.5  # s that /health may take


class Watch:
    """The most memory of a server, and the slowest answer of its /health, in a block."""

    def __init__(self, server):
        self.server, self.rest = server, server.memory_mb
        self.most, self.decoders, self.slowest, self.answers = self.rest, 0.0, 0.0, 0
        self._ended = threading.Event()

    @contextmanager
    def watching(self) -> Iterator["Watch"]:
        threads = [threading.Thread(target=each) for each in (self._weigh, self._ask)]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._ended.set()
            for thread in threads:
                thread.join()

    def _weigh(self):
        while not self._ended.wait(0.02):
            self.most = max(self.most, self.server.memory_mb)
            self.decoders = max(self.decoders, self.server.children_mb)

    def _ask(self):
        with httpx.Client(base_url=self.server.url, timeout=CALM) as http:
            while not self._ended.wait(0.05):
                began = time.monotonic()
                assert http.get("/health").is_success
                self.slowest = max(self.slowest, time.monotonic() - began)
                self.answers += 1


def upload(visitor, data, name):
    """Choose a file as the page does; return the sentence that refuses it, "" where none does."""
    answer = visitor.http.post("/gradio_api/upload", files={"files": (name, data)})
    assert answer.is_success, answer.text
    file = {"path": answer.json()[0], "orig_name": name, "meta": {"_type": "gradio.FileData"}}
    answer = visitor.call("check_upload", file)
    return "" if answer.is_success else answer.json()["error"]


def try_all(server, visit, count, seed):
    """Upload so many mutated files by some visitors at once; return how many were read, and the
    `Watch` of it."""
    seeds = sorted(name for name in SEEDS if name.split()[0] in FORMATS)
    visitors, read = [visit(server) for _ in range(VISITORS)], []
    upload(visitors[0], SEEDS["PNG RGB"], "first.png")
    numbers, lock, faults = iter(range(count)), threading.Lock(), []

    def work(visitor):
        try:
            while True:
                with lock:
                    number = next(numbers, None)
                if number is None:
                    return
                chance = random.Random(f"{seed}-{number}")
                data = mutated(SEEDS[seeds[number % len(seeds)]], chance)
                words = upload(visitor, data, f"{number}.png")
                assert "\n" not in words
                assert len(words) < 400
                read.append(not words)
        except BaseException as fault:
            faults.append(fault)
            raise

    with Watch(server).watching() as watch:
        threads = [threading.Thread(target=work, args=(each,)) for each in visitors]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not faults
    assert len(read) == count
    return sum(read), watch


@pytest.mark.slow
def test_mutated_files_get_a_sentence_and_leave_the_page_as_it_was(serve, visit):
    server = serve(OMP_NUM_THREADS=1)
    read, watch = try_all(server, visit, 60, seed=1)
    assert 0 < read < 60
    assert watch.most - watch.rest < GROWTH
    assert "Traceback" not in server.log


@pytest.mark.slow
def test_many_mutated_files_neither_fill_nor_stall_the_page(serve, visit):
    server, count = serve(), 5000
    time.sleep(20)  # it measures the machine when it starts
    began = time.monotonic()
    read, watch = try_all(server, visit, count, seed=2)
    print(
        f"\n{count} mutated files of {', '.join(FORMATS)} in {time.monotonic() - began:.0f} s: "
        f"{read} read, {count - read} refused; server {watch.rest:.0f} MB at rest, "
        f"+ {watch.most - watch.rest:.0f} MB at most, its decoders {watch.decoders:.0f} MB in all; "
        f"slowest of {watch.answers} answers of /health {watch.slowest:.2f} s"
    )
    assert watch.most - watch.rest < GROWTH
    assert watch.slowest < STALL
    assert "Traceback" not in server.log
