import pytest

from style_transfer.runs.memory import SHARED
from style_transfer.runs.reservations import MemoryReservations

SIZE = (600, 800)
GB = 1_000_000_000


class Machine:
    """Memory in bytes, of which others may use some."""

    def __init__(self, free):
        self.free = free

    def available(self):
        return self.free


@pytest.fixture
def machine():
    return Machine(10 * GB)


@pytest.fixture
def memory(machine):
    return MemoryReservations(machine.available)


def test_runs_that_fit_one_by_one_but_not_together_are_refused(memory, machine):
    for _ in range(4):
        memory.reserve(SIZE, 3 * GB)
    with pytest.raises(ValueError, match=r"800 x 600 pixels needs 3\.0 GB of memory, and 1\.2 GB"):
        memory.reserve(SIZE, 3 * GB)
    machine.free = round(10 * GB - 4 * 3 * GB + 3 * SHARED)  # they use it now: no difference
    assert memory.free == pytest.approx(machine.free + SHARED)
    assert not memory.has(3 * GB)


def test_memory_that_is_given_back_can_be_reserved_again(memory):
    first = memory.reserve(SIZE, 9 * GB)
    assert not memory.has(3 * GB)
    first.release()
    first.release()
    memory.reserve(SIZE, 9 * GB)
    assert not memory.has(3 * GB)


def test_the_network_counts_once_for_all_runs(memory):
    before = memory.free
    memory.reserve(SIZE, round(SHARED) + GB)
    memory.reserve(SIZE, round(SHARED) + GB)
    assert memory.free == pytest.approx(before - 2 * GB)


def test_what_others_take_of_the_machine_is_not_given_to_runs(memory, machine):
    memory.reserve(SIZE, 3 * GB)
    machine.free = 2 * GB
    assert memory.free <= 2 * GB + SHARED
    machine.free = 20 * GB
    assert memory.free >= 17 * GB


def test_what_the_c_library_holds_of_ended_runs_is_fetched_before_a_refusal(monkeypatch):
    machine, fetched = Machine(1 * GB), []

    def release():
        fetched.append(1)
        machine.free = 10 * GB

    monkeypatch.setattr("style_transfer.runs.reservations.release_free_memory", release)
    MemoryReservations(machine.available).reserve(SIZE, 3 * GB)
    assert fetched


def test_where_nothing_is_known_nothing_is_refused():
    memory = MemoryReservations(lambda: None)
    memory.reserve(SIZE, 10**15)
    memory.reserve(SIZE, 10**15)
    assert memory.free is None
