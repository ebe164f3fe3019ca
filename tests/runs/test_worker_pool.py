"""A pool of workers, here of ones that compute nothing."""

import threading
from concurrent.futures import ThreadPoolExecutor, wait
from types import SimpleNamespace

import pytest

from style_transfer.runs.cost_model import CostModel
from style_transfer.runs.outcome import UnavailableError
from style_transfer.runs.worker_pool import WorkerPool
from style_transfer.settings import Settings


class Worker:
    """A worker that has a measurement under way, and answers a call with two messages."""

    device, is_ready, has_ended = "cpu", True, False

    def __init__(self, load=1):
        self.load, self.calls = load, 0

    def messages(self, folder):
        self.calls += 1
        yield None
        yield None

    def end(self):
        self.has_ended = True


@pytest.fixture
def job():
    return SimpleNamespace(state=None, step=0)


def test_a_call_goes_to_the_worker_with_the_fewest_runs_of_those_that_are_ready(job):
    workers = [Worker(load) for load in (0, 3, 2)]
    workers[0].is_ready = False
    pool = WorkerPool(3, workers.__getitem__)
    list(pool.call(job, None))
    assert [worker.calls for worker in workers] == [0, 0, 1]


def test_a_worker_that_has_ended_is_replaced_until_the_pool_ends(job):
    workers = []

    def make(number):
        workers.append(Worker())
        return workers[-1]

    pool = WorkerPool(1, make)
    workers[0].end()
    list(pool.call(job, None))
    assert [worker.calls for worker in workers] == [0, 1]
    pool.end()
    assert workers[1].has_ended
    with pytest.raises(UnavailableError, match="have been ended"):
        list(pool.call(job, None))
    assert len(workers) == 2


def test_a_measurement_is_no_run(job):
    pool = WorkerPool(2, lambda number: Worker())
    assert pool.load(0) == [("cpu", 0)] * 2
    calls = [pool.call(job, None) for _ in range(2)]
    for call in calls:
        next(call)
    assert sum(runs for _, runs in pool.load(2)) == 2
    calls[0].close()
    assert sum(runs for _, runs in pool.load(1)) == 1
    assert list(calls[1]) == [None]
    assert pool.load(0) == [("cpu", 0)] * 2
    assert not pool._runs  # nothing of workers that are gone


def test_the_cost_of_other_settings_serves_until_those_asked_for_are_measured():
    other, asked = Settings(), Settings(statistic="gram")
    answers = [CostModel(1.0, 0.0, other), CostModel(2.0, 0.0, asked)]
    worker = Worker()
    worker.cost_model = lambda *_: answers.pop(0)
    pool = WorkerPool(1, lambda number: worker)
    found = [pool.cost_model(settings=asked).seconds_per_step for _ in range(3)]
    assert found == [1.0, 2.0, 2.0]


def test_a_cost_that_is_known_is_told_while_another_is_measured():
    begun, ended, worker = threading.Event(), threading.Event(), Worker()

    def measure(network, settings, anew):
        if settings.statistic == "gram":
            begun.set()
            ended.wait(60)
        return CostModel(1.0, 0.0, settings)

    worker.cost_model = measure
    pool = WorkerPool(1, lambda number: worker)
    known = pool.cost_model()
    with ThreadPoolExecutor(2) as others:
        measuring = others.submit(pool.cost_model, settings=Settings(statistic="gram"))
        assert begun.wait(30)
        asked = others.submit(pool.cost_model)
        wait([asked], 30)
        is_told = asked.done()
        ended.set()
        measuring.result()
    assert is_told
    assert asked.result() is known
