import json

import pytest
import torch

from style_transfer.network import load_network
from style_transfer.network.backend import Problem
from style_transfer.network.timing_cache import TimingCache
from style_transfer.network.timing_store import TimingStore

PROBLEM = Problem(64, 64)


def measured(seconds=1.0, problem=PROBLEM):
    cache = TimingCache()
    cache.set(problem, {"torch": (seconds, 0.1 + 0.2)})
    cache.set(problem, {"torch": (seconds, 0.0)}, (5, 8))
    return cache


def test_another_process_reads_what_one_has_measured(tmp_path):
    TimingStore(tmp_path / "caches").save(measured())
    assert TimingStore(tmp_path / "caches").load() == measured()
    assert [each.suffix for each in (tmp_path / "caches").iterdir()] == [".json"]


def test_two_processes_add_to_each_others_timings(tmp_path):
    one, other = TimingStore(tmp_path), TimingStore(tmp_path)
    one.save(measured())
    other.save(measured(2.0, PROBLEM.gradient))
    assert one.load() == measured().updated(measured(2.0, PROBLEM.gradient))


def test_timings_that_are_on_disk_are_not_written_again(tmp_path):
    store = TimingStore(tmp_path)
    store.save(measured())
    timings = store.load()
    store.file.unlink()
    store.save(timings)
    assert not store.file.exists()
    timings.set(PROBLEM.gradient, {"torch": (1.0, 1.0)})
    store.save(timings)
    assert store.load() == timings


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\x00",
        b"[1]",
        b"{}",
        json.dumps({"format": "other", "timings": measured().as_dict()}).encode(),
        json.dumps({"format": "style-transfer-timings-1", "timings": [1]}).encode(),
    ],
)
def test_a_damaged_file_is_like_none_and_is_replaced(tmp_path, content):
    store = TimingStore(tmp_path)
    store.file.write_bytes(content)
    assert store.load() == TimingCache()
    store.save(measured())
    assert store.load() == measured()


def test_a_folder_that_cannot_be_written_is_no_fault(tmp_path):
    (tmp_path / "file").touch()
    store = TimingStore(tmp_path / "file")
    store.save(measured())
    assert store.load() == TimingCache()


def test_timings_belong_to_a_machine(tmp_path, monkeypatch):
    here = TimingStore(tmp_path).file
    assert TimingStore(tmp_path).file == here
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "SSE41")
    assert TimingStore(tmp_path).file != here
    monkeypatch.undo()
    monkeypatch.setattr(torch, "get_num_threads", lambda: 64)
    assert TimingStore(tmp_path).file != here


def test_what_a_saved_run_brings_along_is_not_taken_for_this_machines(tmp_path):
    network = load_network().with_timings(TimingCache())
    network.timing_store = TimingStore(tmp_path)
    foreign = network.with_timings(measured())
    foreign.remember_timings()
    assert not network.timing_store.file.exists()
    network.timings.set(PROBLEM, {"torch": (1.0, 1.0)})
    network.remember_timings()
    assert network.timing_store.load() == network.timings
