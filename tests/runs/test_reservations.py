import pytest

from style_transfer.runs.memory import RunMemory
from style_transfer.runs.reservations import MemoryReservations

SIZE = (600, 800)
GB = 1_000_000_000
RUN = RunMemory(step=2 * GB, held=3 * GB)


class Machine:
    def __init__(self, free):
        self.free = free  # bytes

    def available(self):
        return self.free


@pytest.fixture
def machine():
    return Machine(11 * GB)


@pytest.fixture
def memory(machine):
    return MemoryReservations(machine.available)


def test_runs_that_fit_one_by_one_but_not_together_are_refused_in_one_sentence(memory, machine):
    for _ in range(3):  # 9 GB held, and the 2 GB of a step, which they take in turn
        memory.reserve(SIZE, RUN)
    words = r"^A picture of 800 x 600 pixels needs 5\.0 GB of memory, and 2\.0 GB are free; choose"
    with pytest.raises(ValueError, match=words):
        memory.reserve(SIZE, RUN)
    for in_use in (9 * GB, 11 * GB):  # between two steps, and in one: they have reserved it
        machine.free = 11 * GB - in_use
        with pytest.raises(ValueError, match=words):
            memory.reserve(SIZE, RUN)


def test_memory_that_is_given_back_can_be_reserved_again(memory):
    first = memory.reserve(SIZE, RunMemory(2 * GB, 9 * GB))
    assert not memory.fits(RUN)
    first.release()
    first.release()
    memory.reserve(SIZE, RunMemory(2 * GB, 9 * GB))
    assert not memory.fits(RUN)


def test_steps_need_as_much_as_the_largest_of_them(memory):
    memory.reserve(SIZE, RunMemory(2 * GB, 0))
    assert memory.fits(RunMemory(2 * GB, 9 * GB))
    assert memory.fits(RunMemory(1 * GB, 9 * GB))
    assert not memory.fits(RunMemory(1 * GB, 9 * GB + 1))
    assert memory.fits(RunMemory(11 * GB, 0))
    assert not memory.fits(RunMemory(11 * GB, 1))


def test_what_others_use_of_the_machine_is_not_given_to_runs(memory, machine):
    memory.reserve(SIZE, RUN)
    machine.free = 1 * GB  # at least 5 GB more than the run can have taken
    assert not memory.fits(RunMemory(2 * GB, 2 * GB))
    machine.free = 20 * GB
    assert memory.fits(RunMemory(2 * GB, 15 * GB))


def test_what_the_c_library_holds_of_ended_runs_is_fetched_before_a_refusal(monkeypatch):
    machine, fetched = Machine(1 * GB), []

    def release():
        fetched.append(1)
        machine.free = 11 * GB

    monkeypatch.setattr("style_transfer.runs.free_memory.release_free_memory", release)
    MemoryReservations(machine.available).reserve(SIZE, RUN)
    assert fetched


def test_where_nothing_is_known_nothing_is_refused():
    memory = MemoryReservations(lambda: None)
    for _ in range(2):
        memory.reserve(SIZE, RunMemory(10**15, 10**15))
