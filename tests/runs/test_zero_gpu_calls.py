"""What calls of a lent GPU ask for and tell, without the platform and its package."""

import math
import pickle
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from style_transfer.engine import State, Styles, stages
from style_transfer.runs import zero_gpu
from style_transfer.runs.executor import Job
from style_transfer.runs.frame_message import FrameMessage
from style_transfer.runs.outcome import InternalError, UnavailableError
from style_transfer.runs.remote_execution import WorkerLostError
from style_transfer.runs.zero_gpu import EXPECTED, LONGEST, SHORTEST, ZeroGpuExecutor, is_zero_gpu
from style_transfer.settings import Settings

SPACE = {"SPACES_ZERO_GPU": "true"}
SETTINGS = Settings(steps=60)
FOLDER = SimpleNamespace(path=Path("run"))


class PlatformError(Exception):
    """An error as the package raises them."""

    def __init__(self, title, message=""):
        super().__init__(message)
        self.title, self.message = title, message


@pytest.fixture
def executor(monkeypatch):
    """An executor whose package lends a GPU to nothing."""
    package = SimpleNamespace(GPU=lambda duration: lambda function: function)
    monkeypatch.setitem(sys.modules, "spaces", package)
    return ZeroGpuExecutor(SPACE)


@pytest.fixture
def job(photo, painting):
    return Job(photo, Styles((painting,)), SETTINGS)


def message(step, seconds):
    facts = {"pictures": 0, "skipped": [], "saved": False, "finished": False, "place": "gpu"}
    made = (step, 0, b"", {}, SETTINGS, None, (), "")
    return FrameMessage(*made, seconds=seconds, **facts)


def call(executor, job, *items):
    """Let a call of `job` yield these items; return what it was made with."""
    made = []

    def paint(*arguments):
        made.append(arguments)
        for item in items:
            if isinstance(item, Exception):
                raise item
            yield item

    executor._paint = paint
    assert list(executor.call(job, FOLDER)) == list(items)
    return made[0]


@pytest.mark.parametrize(
    ("value", "is_there"),
    [("1", True), ("t", True), ("True", True), ("0", False), ("", False), (None, False)],
)
def test_the_platform_is_there_where_it_says_so(value, is_there):
    assert is_zero_gpu({} if value is None else {"SPACES_ZERO_GPU": value}) == is_there


def test_without_the_platform_or_its_package_there_is_no_executor(monkeypatch):
    with pytest.raises(ValueError, match="is a platform of Hugging Face Spaces, and not here"):
        ZeroGpuExecutor({})
    monkeypatch.setitem(sys.modules, "spaces", None)
    with pytest.raises(ValueError, match="ZeroGPU needs spaces; install spaces"):
        ZeroGpuExecutor(SPACE)


def test_it_computes_on_cuda_or_the_device_that_is_named_and_touches_the_cpu_alone(executor):
    assert executor.load(3) == [("cuda", 3)]
    assert ZeroGpuExecutor(SPACE | {"STYLE_TRANSFER_DEVICE": " cuda:1 "}).device == "cuda:1"
    assert executor.local_device == "cpu"
    assert executor.available_memory() is None


def test_a_call_asks_for_the_time_of_its_steps_and_some_more(executor, job):
    expected = replace(EXPECTED, settings=SETTINGS).run_seconds(job.size, 60)
    asked = math.ceil(1.1 * expected + 1 + 1)
    assert asked < SHORTEST
    assert executor.quota_seconds(job.size, SETTINGS) == asked
    assert call(executor, job)[:3] == ("run", asked, "cuda")
    begun = replace(job, state=State(30, 0, job.content))
    assert call(executor, begun)[1] == SHORTEST  # for knobs that are moved meanwhile
    for each in (job, begun):
        longer = replace(each, settings=replace(SETTINGS, steps=100_000))
        assert call(executor, longer)[1] == LONGEST
    assert executor.quota_seconds(job.size, replace(SETTINGS, steps=100_000)) > 10 * LONGEST


def test_what_calls_took_tells_how_long_later_ones_take(executor, job):
    model = replace(EXPECTED, settings=SETTINGS)
    step = model.seconds_between(stages(job.size), (1, 0), (2, 0), 60)
    call(executor, job, message(0, 2.0), message(1, 3.0), message(10, 99.0))
    assert executor.cost_model() == EXPECTED  # too few steps to tell anything
    for factor in (2, 3, 40):
        end = 3 + factor * 11 * step
        call(executor, job, message(0, 2.0), message(1, 3.0), message(12, end))
    found = executor.cost_model(settings=SETTINGS)
    assert found.seconds_per_step == pytest.approx(3 * EXPECTED.seconds_per_step)
    assert found.seconds_per_pixel == pytest.approx(3 * EXPECTED.seconds_per_pixel)
    seconds = found.run_seconds(job.size, 60)
    assert executor.quota_seconds(job.size, SETTINGS) == math.ceil(1.1 * seconds + 3 + 1)


def test_all_steps_of_calls_count_for_the_speed_but_not_those_made_before(
    executor, job, monkeypatch
):
    counted = []
    monkeypatch.setattr(executor, "_rate", SimpleNamespace(add=counted.append))
    begun = replace(job, state=State(30, 0, job.content))
    call(executor, begun, message(30, 1.0), message(31, 2.0), message(34, 3.0))
    assert sum(counted) == 4
    call(executor, job, message(0, 1.0), message(5, 2.0))
    assert sum(counted) == 9


def test_a_call_has_the_seconds_that_were_asked_for_from_when_the_gpu_was_granted(monkeypatch):
    before = time.monotonic()
    granted = pickle.loads(pickle.dumps(zero_gpu._Granted()))
    assert before <= granted.at <= time.monotonic()
    clock = SimpleNamespace(monotonic=lambda: 105.0)
    monkeypatch.setattr(zero_gpu, "time", clock)
    monkeypatch.setattr(zero_gpu.worker, "messages", lambda path, start, left: [path, left()])
    monkeypatch.setattr(torch, "set_num_threads", lambda count: None)
    arguments = ("run", 10, "cpu", zero_gpu._Granted(100.0))
    assert list(zero_gpu._paint(*arguments)) == [Path("run"), 4.0]  # one is for the platform
    assert zero_gpu._duration(*arguments) == 10


QUOTA, WORKER = "ZeroGPU quota exceeded", "ZeroGPU worker error"
USED_UP = "Your GPU time of the day is used up. Try again"
NO_GPU = "No GPU was free within a minute"


@pytest.mark.parametrize(
    ("title", "message", "told"),
    [
        (QUOTA, "(60s requested vs. 3s left). Try again in 2:01:00. ", f"{USED_UP} in 2 h, "),
        (QUOTA, "Try again in 1:59:30. ", f"{USED_UP} in 2 h, "),
        (QUOTA, "Try again in 0:07:30. ", f"{USED_UP} in 8 min, "),
        (QUOTA, "Try again in 1 day, 2:00:00. ", f"{USED_UP} in 26 h, "),
        (QUOTA, "Try again in 2 days, 0:00:00. ", f"{USED_UP} in 48 h, "),
        (QUOTA, "You have exceeded your ZeroGPU runs limit. ", f"{USED_UP} tomorrow, "),
        (QUOTA, "No GPU was available after 60s. Try re-running outside of examples", NO_GPU),
        ("ZeroGPU queue timeout", "No GPU was available after 60s", NO_GPU),
        ("ZeroGPU client error", "No GPU was available", NO_GPU),
        ("ZeroGPU client error", "Expired ZeroGPU proxy token", "Your sign-in at Hugging Face has"),
        ("ZeroGPU pending credits exceeded", "too many", "Other runs hold all your GPU time"),
        ("ZeroGPU illegal duration", "900s is larger", "That takes more GPU time than is given"),
        ("", "Connection closed by visitor while queueing", "The visitor left before a GPU"),
    ],
)
def test_why_no_gpu_can_be_had_is_told_in_one_sentence(executor, job, title, message, told):
    error = PlatformError(title, message) if title else RuntimeError(message)
    with pytest.raises(UnavailableError) as found:
        call(executor, job, error)
    assert str(found.value).startswith(told)


def test_a_lost_worker_is_told_from_a_fault_of_the_program(executor, job):
    with pytest.raises(WorkerLostError, match="GPU task aborted"):
        call(executor, job, message(0, 1.0), PlatformError(WORKER, "GPU task aborted"))
    with pytest.raises(InternalError, match="a fault"):
        call(executor, job, InternalError("a fault"))
