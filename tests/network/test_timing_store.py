import pytest

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
    store.file.file.unlink()
    store.save(timings)
    assert not store.file.file.exists()
    timings.set(PROBLEM.gradient, {"torch": (1.0, 1.0)})
    store.save(timings)
    assert store.load() == timings


@pytest.mark.parametrize("found", [None, [1], {"no key": {"torch": [1, 1]}}])
def test_what_are_no_timings_is_replaced(tmp_path, found):
    store = TimingStore(tmp_path)
    store.file.update(lambda _: found)
    assert store.load() == TimingCache()
    store.save(measured())
    assert store.load() == measured()


def test_what_a_saved_run_brings_along_is_not_taken_for_this_machines(tmp_path):
    network = load_network().with_timings(TimingCache())
    network.timing_store = TimingStore(tmp_path)
    foreign = network.with_timings(measured())
    foreign.remember_timings()
    assert not network.timing_store.file.file.exists()
    network.timings.set(PROBLEM, {"torch": (1.0, 1.0)})
    network.remember_timings()
    assert network.timing_store.load() == network.timings
