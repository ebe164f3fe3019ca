"""A pool of workers, here of ones that compute nothing."""

from types import SimpleNamespace

from style_transfer.runs.worker_pool import WorkerPool


class Worker:
    """A worker that has a measurement under way, and answers a call with two messages."""

    device, load, is_ready, has_ended = "cpu", 1, True, False

    def messages(self, folder):
        yield None
        yield None


def test_a_measurement_is_no_run():
    pool = WorkerPool(2, lambda number: Worker())
    job = SimpleNamespace(state=None, step=0)
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
