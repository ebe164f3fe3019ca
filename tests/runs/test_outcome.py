import pytest
import torch

from style_transfer.engine import DivergedError
from style_transfer.runs import outcome
from style_transfer.runs.outcome import Budget, ending_of


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory."),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes."),
        RuntimeError("[enforce fail at alloc_cpu.cpp:121] not enough memory: you tried"),
    ],
)
def test_no_memory_is_told_in_one_sentence(error):
    ending = ending_of(error, 7)
    assert ending.word == "out of memory"
    assert str(ending.error) == "There was not enough memory for step 7; a smaller size needs less."


def test_an_ending_holds_nothing_of_the_step_that_failed():
    try:
        raise DivergedError("The run diverged.")
    except DivergedError as error:
        ending = ending_of(error, 1)
    assert ending.word == "diverged"
    assert ending.error.__traceback__ is None


def test_another_error_is_a_fault_of_the_program():
    assert ending_of(KeyError("relu"), 3).word == "fault"
    assert ending_of(RuntimeError("shapes differ"), 3).word == "fault"


def test_a_budget_counts_work_and_rest_apart(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(outcome.time, "monotonic", lambda: now[0])
    budget = Budget(seconds=10, paused=5)

    def after(seconds, paused):
        now[0] += seconds
        return budget.spend(paused)

    assert after(4, paused=False) is None
    assert after(4, paused=True) is None
    assert after(4, paused=False) is None
    assert after(4, paused=True) is None
    assert after(2, paused=True).word == "paused too long"
    assert after(3, paused=False).word == "out of time"
