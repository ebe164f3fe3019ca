import functools
import time

import pytest

from style_transfer.network.autotune import fastest, in_doubt, measure, measure_at
from style_transfer.network.backend import Problem
from style_transfer.network.backends import BACKENDS
from style_transfer.network.thread_pool import ThreadPool
from tests.network.reference import filters

PROBLEM = Problem(64, 64)
TIMINGS = {"torch": (0.0, 1.0), "winograd": (2.0, 10.0)}


def test_the_backend_with_the_least_time_for_its_work_units_is_the_fastest():
    assert fastest(TIMINGS, {"torch": 6, "winograd": 1}) == "torch"
    assert fastest(TIMINGS, {"torch": 64, "winograd": 4}) == "winograd"


def test_small_images_leave_more_in_doubt_than_large_ones():
    timings = {"torch": (0.0, 1.0), "onednn": (0.0, 1.2), "winograd": (0.0, 2.0)}
    assert in_doubt(timings, dict.fromkeys(timings, 100), (10, 10)) == list(timings)
    assert in_doubt(timings, dict.fromkeys(timings, 10000), (100, 100)) == ["torch", "onednn"]


@pytest.fixture
def clock(monkeypatch):
    seconds = [0.0]
    for name in ("thread_time", "perf_counter"):
        monkeypatch.setattr(time, name, lambda: seconds[0])
    return seconds


def timed(monkeypatch, clock, names, forward, how=measure):
    """Measure backends of these names whose forward is replaced, by a clock that it advances."""
    backends = {name: BACKENDS[name](*filters(64, 64), 1, ThreadPool()) for name in names}
    for name, backend in backends.items():

        def replaced(x, relu, name=name):
            clock[0] += forward(name, x)
            return x

        monkeypatch.setattr(backend, "forward", replaced)
    return how(PROBLEM, backends, attempt=lambda name, call: call())


def test_a_calls_constant_time_and_that_of_each_work_unit_are_told_apart(monkeypatch, clock):
    seconds = {"winograd": lambda x: x.shape[2] ** 2 / 16, "torch": lambda x: 5 + x.shape[2] ** 2}
    timings = timed(monkeypatch, clock, seconds, lambda name, x: seconds[name](x))
    assert timings["winograd"] == (0.0, 1.0)  # a second for each tile
    assert timings["torch"] == (5.0, 1.0)


def test_at_a_size_the_very_shape_is_measured(monkeypatch, clock):
    def forward(name, x):
        assert x.shape == (1, 64, 5, 8)
        return {"winograd": 3.0, "torch": 2.0}[name]

    how = functools.partial(measure_at, size=(5, 8))
    timings = timed(monkeypatch, clock, ("winograd", "torch"), forward, how)
    assert timings == {"winograd": (3.0, 0.0), "torch": (2.0, 0.0)}


def test_what_is_slower_by_far_is_measured_once(monkeypatch, clock):
    calls, seconds = {"winograd": 0, "torch": 0}, {"winograd": 1, "torch": 2}

    def forward(name, x):
        calls[name] += 1
        return seconds[name]

    timed(monkeypatch, clock, seconds, forward)
    # For each of two sizes once to prepare the filters, then up to three times.
    assert calls == {"winograd": 8, "torch": 4}


def test_beside_other_work_a_measurement_goes_on_until_it_settles(monkeypatch, clock):
    seconds = iter([9, 9, 8, 5, 2, 2, 2])  # the first prepares the filters
    how = functools.partial(measure_at, size=(5, 8))
    timings = timed(monkeypatch, clock, ("torch",), lambda *_: next(seconds), how)
    assert timings == {"torch": (2.0, 0.0)}
