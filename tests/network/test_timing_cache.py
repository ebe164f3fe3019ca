import copy
import json
import math
import pickle

import pytest
import torch

from style_transfer.network import timing_cache
from style_transfer.network.backend import Problem
from style_transfer.network.timing_cache import TimingCache

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
    cache.set(PROBLEM, {"torch": (0.1 + 0.2, 0.0)}, (5, 8))
    assert through(cache) == cache


def test_timings_at_a_size_are_for_that_size_alone():
    cache, sized = filled(), {"torch": (1.0, 0.0)}
    cache.set(PROBLEM, sized, (5, 8))
    assert cache.get(PROBLEM, (5, 8)) == sized
    assert cache.get(PROBLEM, (8, 5)) == {}
    assert cache.get(PROBLEM) == TIMINGS


def test_of_timings_at_many_sizes_those_used_least_recently_are_dropped(monkeypatch):
    monkeypatch.setattr(timing_cache, "_MAX_SIZED", 2)
    cache = filled()
    for side in (1, 2):
        cache.set(PROBLEM, TIMINGS, (side, side))
    cache.get(PROBLEM, (1, 1))
    cache.set(PROBLEM, TIMINGS, (3, 3))
    assert [bool(cache.get(PROBLEM, (side, side))) for side in (1, 2, 3)] == [True, False, True]
    assert cache.get(PROBLEM) == TIMINGS


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
            "cpu float32 64-128 padding 1 forward": {"onednn": [1, 2], "onednn_sized": [3, 4]},
        }
    )
    assert cache.get(Problem(3, 64, 0)) == {"torch": (0.0, 0.0)}
    first = Problem(3, 64, 0, backward=True)
    assert cache.get(first) == {"torch": (1.0, 2.0), "col2im": (3.0, 4.0)}
    assert cache.get(PROBLEM) == {"winograd": (1.0, 2.0), "onednn": (3.0, 4.0)}
    assert cache.get(Problem(64, 128, backward=True)) == {"int8_split": (1.0, 2.0)}
    assert cache.get(Problem(64, 128)) == {"onednn": (3.0, 4.0)}


@pytest.mark.parametrize(
    "data",
    [
        None,
        [1],
        "timings",
        {"64": {"torch": [0, 0]}},
        {"cpu float32 64-64 padding 1 forward at 5": {"torch": [0, 0]}},
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
        {"64-64": {"torch": [1, 10**400]}},
    ],
)
def test_malformed_timings_are_refused(data):
    with pytest.raises(ValueError, match=r"^timings "):
        TimingCache.from_dict(data)


def test_no_timings_are_no_fault():
    assert TimingCache.from_dict({}) == TimingCache()
