import pytest
import torch

from style_transfer.engine import DivergedError
from style_transfer.runs import outcome
from style_transfer.runs.outcome import Budget, outcome_of


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory."),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes."),
        RuntimeError("MPS backend out of memory (MPS allocated: 5 GB, max allowed: 9 GB)."),
        RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:121] not enough memory: you tried"),
    ],
)
def test_no_memory_is_told_in_one_sentence(error):
    ended = outcome_of(error, 7, (48, 64))
    assert ended.word == "out of memory"
    assert str(ended.error) == (
        "There was not enough memory for step 7 of a picture of 64 x 48 pixels; "
        "choose a smaller size."
    )


def test_an_outcome_holds_nothing_of_the_step_that_failed():
    try:
        raise DivergedError("The run diverged.")
    except DivergedError as error:
        ended = outcome_of(error, 1, (48, 64))
    assert ended.word == "diverged"
    assert ended.error.__traceback__ is None


def test_another_error_is_a_fault_of_the_program():
    assert outcome_of(KeyError("relu"), 3, (48, 64)).word == "fault"
    assert outcome_of(RuntimeError("shapes differ"), 3, (48, 64)).word == "fault"


def test_a_budget_counts_computing_and_pauses_apart(monkeypatch):
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
    ends = after(2, paused=True), after(3, paused=False)
    assert [end.word for end in ends] == ["paused too long", "out of time"]
    assert [end.rests for end in ends] == [True, False]


def test_resuming_for_a_moment_does_not_begin_a_pause_anew(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(outcome.time, "monotonic", lambda: now[0])
    budget, ends = Budget(paused=5), []
    for seconds, paused in [(3, True), (0.1, False)] * 2:
        now[0] += seconds
        ends.append(budget.spend(paused))
    assert [end and end.word for end in ends] == [None, None, "paused too long", None]
