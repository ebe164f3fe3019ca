import copy
import json
import math
import pickle
import time

import pytest
import torch

from style_transfer.network.autotune import TimingCache, fastest, measure
from style_transfer.network.backend import Problem
from style_transfer.network.backends import BACKENDS
from style_transfer.network.thread_pool import ThreadPool
from tests.network.reference import filters

PROBLEM = Problem(64, 64)
TIMINGS = {"torch": (0.0, 1.0), "winograd": (2.0, 10.0)}


def filled():
    cache = TimingCache()
    cache.set(PROBLEM, TIMINGS)
    return cache


def test_timings_are_kept_by_device_type_channels_padding_and_direction():
    cache = filled()
    assert cache.get(PROBLEM) == TIMINGS
    for other in (
        {"device": "cuda"},
        {"dtype": torch.float64},
        {"in_channels": 128},
        {"out_channels": 128},
        {"padding": 0},
        {"backward": True},
    ):
        assert cache.get(Problem(**(PROBLEM.__dict__ | other))) == {}


@pytest.mark.parametrize(
    "through",
    [
        lambda cache: TimingCache.from_dict(cache.as_dict()),
        lambda cache: TimingCache.from_dict(json.loads(json.dumps(cache.as_dict()))),
        lambda cache: pickle.loads(pickle.dumps(cache)),
        copy.deepcopy,
    ],
    ids=["dict", "json", "pickle", "copy"],
)
def test_a_cache_comes_back_bit_for_bit(through):
    cache = filled()
    cache.set(PROBLEM.gradient, {"torch": (0.1 + 0.2, 1 / 3)})
    assert through(cache) == cache


def test_an_updated_cache_is_a_new_one_in_which_the_others_timings_win():
    one, other = filled(), TimingCache()
    other.set(PROBLEM, {"torch": (5.0, 5.0)})
    other.set(PROBLEM.gradient, TIMINGS)
    both = one.updated(other)
    both.set(Problem(128, 128), TIMINGS)
    assert both.get(PROBLEM) == {"torch": (5.0, 5.0)}
    assert both.get(PROBLEM.gradient) == TIMINGS
    assert one == filled()
    assert len(other.as_dict()) == 2


def test_timings_of_earlier_versions_are_read():
    cache = TimingCache.from_dict(
        {
            "3-64": {"direct": [0.0, 0.0]},
            "3-64-backward": {"direct": [1.0, 2.0], "columns": [3.0, 4.0]},
            "64-64": {"F(4x4)": [1, 2], "packed": [3, 4]},
            "64-128-backward": {"digits": [1, 2]},
        }
    )
    assert cache.get(Problem(3, 64, 0)) == {"torch": (0.0, 0.0)}
    first = Problem(3, 64, 0, backward=True)
    assert cache.get(first) == {"torch": (1.0, 2.0), "col2im": (3.0, 4.0)}
    assert cache.get(PROBLEM) == {"winograd": (1.0, 2.0), "onednn": (3.0, 4.0)}
    assert cache.get(Problem(64, 128, backward=True)) == {"int8_split": (1.0, 2.0)}


@pytest.mark.parametrize(
    "data",
    [
        None,
        [1],
        "timings",
        {"64": {"torch": [0, 0]}},
        {"a-b": {"torch": [0, 0]}},
        {"64-64": {}},
        {"64-64": [1]},
        {"64-64": None},
        {"64-64": {"torch": []}},
        {"64-64": {"torch": [1]}},
        {"64-64": {"torch": [1, 2, 3]}},
        {"64-64": {"torch": {"0": 1, "1": 2}}},
        {"64-64": {"torch": ["1", "2"]}},
        {"64-64": {"torch": [True, 1]}},
        {"64-64": {"torch": [-1, 1]}},
        {"64-64": {"torch": [math.nan, 1]}},
        {"64-64": {"torch": [1, math.inf]}},
    ],
)
def test_malformed_timings_are_refused(data):
    with pytest.raises(ValueError, match=r"^timings "):
        TimingCache.from_dict(data)


def test_no_timings_are_no_fault():
    assert TimingCache.from_dict({}) == TimingCache()


def test_the_backend_with_the_least_time_for_its_work_units_is_the_fastest():
    assert fastest(TIMINGS, {"torch": 6, "winograd": 1}) == "torch"
    assert fastest(TIMINGS, {"torch": 64, "winograd": 4}) == "winograd"


def timed(monkeypatch, names, forward):
    """Measure backends of these names whose forward is replaced, by a clock that it advances."""
    clock = [0.0]
    monkeypatch.setattr(time, "thread_time", lambda: clock[0])
    backends = {name: BACKENDS[name](*filters(64, 64), 1, ThreadPool()) for name in names}
    for name, backend in backends.items():

        def replaced(x, relu, name=name):
            clock[0] += forward(name, x)
            return x

        monkeypatch.setattr(backend, "forward", replaced)
    return measure(PROBLEM, backends, lambda name, call: call())


def test_a_calls_constant_time_and_that_of_each_work_unit_are_told_apart(monkeypatch):
    seconds = {"winograd": lambda x: x.shape[2] ** 2 / 16, "torch": lambda x: 5 + x.shape[2] ** 2}
    timings, used = timed(monkeypatch, seconds, lambda name, x: seconds[name](x))
    assert timings["winograd"] == (0.0, 1.0)  # a second for each tile
    assert timings["torch"] == (5.0, 1.0)
    assert used == "winograd"


def test_what_is_slower_by_far_is_measured_once(monkeypatch):
    turns, seconds = {"winograd": 0, "torch": 0}, {"winograd": 1, "torch": 2}

    def forward(name, x):
        turns[name] += 1
        return seconds[name]

    timed(monkeypatch, seconds, forward)
    # For each of two sizes once to prepare the filters, then up to three times.
    assert turns == {"winograd": 8, "torch": 4}
