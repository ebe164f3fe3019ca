import re
import threading
import time
from dataclasses import replace
from types import SimpleNamespace
from weakref import WeakSet

import pytest
import torch

from style_transfer.devices import present
from style_transfer.engine import Styles
from style_transfer.runs import executors, outcome
from style_transfer.runs.executor import Job
from style_transfer.runs.limits import OWN_MACHINE, Limits
from style_transfer.runs.memory import RunMemory
from style_transfer.runs.outcome import SERVER_ENDS, Budget
from style_transfer.runs.reservations import MemoryReservations
from style_transfer.runs.service import LAST_STEP, RunService
from style_transfer.runs.steering import Lasting
from style_transfer.runs.thread_executor import ThreadExecutor
from style_transfer.settings import Settings
from tests.runs import fake_executor
from tests.runs.fake_executor import FakeExecution, FakeExecutor

SETTINGS = Settings(steps=3, style_layers=["relu1_1"], content_layer="relu2_1")


@pytest.fixture
def job(photo, painting):
    return Job(photo, Styles((painting,)), SETTINGS)


@pytest.fixture
def start(fake_service):
    """A function that starts a run of the fake service; all of them end with the test."""
    begun = []

    def start(job, **options):
        begun.append(fake_service.start(job, **options))
        return begun[-1]

    yield start
    for run in begun:
        run.stop()
        assert run.join(20)


def room_for(service, runs, job):
    """Let the machine have memory for so many runs."""
    memory = RunMemory.of(job.size, job.style_sizes)
    service.memory = MemoryReservations(lambda: memory.step + runs * memory.held)


def test_all_runs_together_fit_into_the_memory_and_give_it_back(fake_service, start, job):
    room_for(fake_service, 2, job)
    first, _ = start(job), start(job)
    for refuses in (start, fake_service.check):
        with pytest.raises(ValueError, match=r"48 x 48 pixels needs .* are free; choose a smaller"):
            refuses(job)
    with pytest.raises(ValueError, match="are free"):
        fake_service.estimate(job.size, job.style_sizes, SETTINGS)
    assert fake_service.under_way == 2
    first.stop()
    assert first.join(20)
    assert fake_service.under_way == 1
    start(job)


def test_a_run_that_does_not_fit_as_a_whole_is_made_in_blocks(fake_service, start, job):
    large = replace(job, content=torch.rand((1, 3, 500, 600)))
    in_blocks = RunMemory.of(large.size, large.style_sizes, block=256)
    fake_service.memory = MemoryReservations(lambda: in_blocks.total)
    estimate = fake_service.estimate(large.size, large.style_sizes, SETTINGS)
    fake_service.check(large)
    start(large)
    assert fake_service.executor.executions[-1].block == 256
    fake_service.memory = MemoryReservations(lambda: None)
    start(large)
    assert fake_service.executor.executions[-1].block is None
    assert estimate.memory == in_blocks.total
    whole = fake_service.estimate(large.size, large.style_sizes, SETTINGS)
    assert estimate.seconds > 1.4 * whole.seconds


def test_what_a_run_needs_after_a_change_is_reserved_or_the_change_refused(
    fake_service, start, job
):
    enlarged = RunMemory.of(job.size, job.style_sizes, 4.0)
    memory, free = RunMemory.of(job.size, job.style_sizes), [0]
    assert enlarged.step > memory.step
    fake_service.memory = MemoryReservations(lambda: free[0])
    free[0] = memory.total
    run = start(job)
    words = r"^That needs \d\.\d GB of memory, and \d\.\d GB are free; choose a smaller size, "
    with pytest.raises(ValueError, match=words):
        run.settings = replace(SETTINGS, style_scale=4)
    assert run.settings == SETTINGS
    free[0] = enlarged.total
    run.settings = replace(SETTINGS, style_scale=4)
    with pytest.raises(ValueError, match="are free"):  # nothing is left to hold another picture
        start(job)
    free[0] = 0
    run.settings = SETTINGS  # which needs less
    free[0] = enlarged.total
    start(job)


def test_a_run_that_is_refused_or_fails_leaves_no_memory_reserved(fake_service, start, job):
    room_for(fake_service, 1, job)
    with pytest.raises(ValueError, match="no layer"):
        start(replace(job, settings=Settings(content_layer="relu5_4"), network="torchvision-vgg16"))
    run = start(job)
    fake_service.executor.executions[-1].fail(MemoryError())
    assert run.join(20)
    start(job)


def test_a_run_waits_for_the_memory_of_the_one_that_it_supersedes(
    fake_service, start, job, monkeypatch
):
    room_for(fake_service, 1, job)
    first = start(job)
    end, join, waited = first._execution.stop, first.join, []

    def wait(timeout=None):
        waited.append(timeout)
        end()
        return join(timeout)

    monkeypatch.setattr(first._execution, "stop", lambda: None)  # its last step takes until then
    monkeypatch.setattr(first, "join", wait)
    first.stop()
    fake_service.memory, tight = MemoryReservations(lambda: None), fake_service.memory
    start(job, after=first).stop()
    assert not waited  # there is room for both
    fake_service.memory = tight
    start(job, after=first)
    assert first.ended
    assert waited == [LAST_STEP]


def test_once_all_runs_were_ended_no_other_begins(fake_service, start, job):
    run = start(job)
    fake_service.end_all(SERVER_ENDS)
    assert run.outcome is SERVER_ENDS
    with pytest.raises(ValueError, match="server is being ended"):
        start(job)


def test_a_run_that_begins_while_all_are_ended_ends_with_them(
    fake_service, start, job, monkeypatch
):
    executor, may_begin = fake_service.executor, threading.Event()
    start(job)
    begin = executor.start

    def begin_late(job):
        assert may_begin.wait(20)
        return begin(job)

    monkeypatch.setattr(executor, "start", begin_late)
    late = threading.Thread(target=start, args=(job,))

    class Runs(WeakSet):
        def __iter__(self):
            for each in super().__iter__():
                may_begin.set()
                late.join(0.2)
                yield each

    fake_service._runs = Runs(fake_service._runs)
    late.start()
    while fake_service.under_way < 2:
        time.sleep(0.001)
    fake_service.end_all(SERVER_ENDS)
    late.join(20)
    assert [run.outcome for run in fake_service._runs] == [SERVER_ENDS] * 2


def test_what_is_beyond_the_limits_is_refused(tmp_path, job):
    service = RunService(Limits(steps=2), tmp_path, FakeExecutor)
    for refuses in (service.start, service.check):
        with pytest.raises(ValueError, match="at most 2 steps here, not 3"):
            refuses(job)
    service = RunService(Limits(pixels=4096), tmp_path, lambda _: FakeExecutor(allowed=0))
    large = replace(job, content=torch.rand((1, 3, 80, 80)))
    for refuses in (service.start, service.check):
        with pytest.raises(ValueError, match="at most 4,096 pixels here, not 80 x 80"):
            refuses(large, visitor="somebody")
    run = service.start(job, visitor="somebody")
    with pytest.raises(ValueError, match="at most 4,096 pixels here, not 80 x 80"):
        run.content = large.content
    run.stop()
    assert run.join(20)


def test_what_lets_a_run_last_lets_it_not_last_beyond_the_limits(tmp_path, job):
    service = RunService(Limits(steps=5), tmp_path, FakeExecutor)
    run = service.start(job, lasting=Lasting(until=30))
    assert run.join(20)
    assert run.frame.step == 5


@pytest.mark.parametrize(
    ("visitor", "paused", "seconds", "told"),
    [
        ("somebody", False, 100, ("out of time", "has used its 99 seconds")),
        ("somebody", True, 51, ("paused too long", "was paused for 50 seconds")),
        (OWN_MACHINE, True, 51, ("paused too long", "was paused for 50 seconds")),
        ("somebody", True, 49, None),
        (OWN_MACHINE, False, 9999, None),
    ],
)
def test_a_run_may_take_and_be_paused_for_the_time_of_the_limits(
    tmp_path, job, monkeypatch, visitor, paused, seconds, told
):
    now, spend, counted = [0.0], Budget.spend, threading.Semaphore(0)

    def spend_and_tell(*arguments):
        found = spend(*arguments)
        counted.release()
        return found

    def let_count():
        """Wait until the time was counted that is now."""
        while counted.acquire(blocking=False):
            continue
        for _ in range(2):  # the first may have begun before
            assert counted.acquire(timeout=20)

    monkeypatch.setattr(fake_executor, "WAIT", 0.001)
    monkeypatch.setattr(outcome, "time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(Budget, "spend", spend_and_tell)
    service = RunService(Limits(seconds=99, paused=50), tmp_path, lambda _: FakeExecutor(allowed=0))
    run = service.start(job, visitor=visitor)
    if paused:
        run.pause()
    let_count()
    now[0] = seconds
    if told is None:
        let_count()
        run.stop()
    assert run.join(20)
    word, words = told or ("stopped", "None")
    assert run.outcome.word == word
    assert words in str(run.error)


def test_the_longest_side_is_what_fits_into_the_memory_and_what_the_photo_has(fake_service, job):
    def longest(free, **options):
        fake_service.memory = MemoryReservations(lambda: free)
        return fake_service.largest_side((2000, 3000), [(600, 800)], 1.0, **options)

    assert longest(None, enlarge=False) == 3000
    assert 11_000 < longest(None, enlarge=True) < 12_500  # of 100 million pixels
    sides = [longest(gigabytes * 10**9, enlarge=True) for gigabytes in (3, 6, 14)]
    assert sides == sorted(set(sides))
    assert sides[-1] >= 8192
    fits = RunMemory.of((2 * sides[1] // 3, sides[1]), [(600, 800)], 1.0, 256)
    assert 0.99 * 6e9 < fits.total <= 6e9
    assert longest(14 * 10**9, enlarge=True, visitor="somebody") < 2600  # of 4.2 million
    assert longest(9 * 10**8, enlarge=True) == 32


def test_the_log_tells_when_a_run_begins_and_how_it_ends(fake_service, start, job, caplog):
    caplog.set_level("INFO")
    for run in (start(job), start(job)):
        run.stop()
        assert run.join(20)
    assert "Run 1 begins: 48 x 48, 3 steps." in caplog.text
    assert re.search(
        r"Run 2 ends after \d+\.\d s: 48 x 48, step 0, stopped, on cpu of \S+\.", caplog.text
    )


def test_the_begin_of_a_run_that_fails_at_once_is_logged_before_its_end(
    fake_service, monkeypatch, job, caplog
):
    caplog.set_level("INFO")

    def start_and_end(thread):
        start_thread(thread)
        thread.join(20)

    start_thread = threading.Thread.start
    monkeypatch.setattr(threading.Thread, "start", start_and_end)
    monkeypatch.setattr(FakeExecution, "frames", lambda _: 1 / 0)
    fake_service.start(job)
    words = [record.getMessage().split()[2] for record in caplog.records]
    assert words == ["begins:", "met", "ends"]


def test_the_environment_says_where_checkpoints_lie_and_which_executor_computes(
    tmp_path, monkeypatch, job, painting
):
    environment = {"STYLE_TRANSFER_KEPT_FOLDER": str(tmp_path), "STYLE_TRANSFER_RUNS": "3"}
    service = RunService.from_environment(environment)
    assert isinstance(service.executor, ThreadExecutor)
    assert service.limits.runs == 3
    assert service.checkpoints.create("a" * 64, {}).folder.is_relative_to(tmp_path)
    monkeypatch.setitem(executors.EXECUTORS, "fake", lambda *_: FakeExecutor())
    service = RunService.from_environment({"STYLE_TRANSFER_EXECUTOR": "fake"})
    assert isinstance(service.executor, FakeExecutor)
    with pytest.raises(ValueError, match=r"STYLE_TRANSFER_EXECUTOR.*'moon'.*thread"):
        RunService.from_environment({"STYLE_TRANSFER_EXECUTOR": "moon"})
    with pytest.raises(ValueError, match=r"ZeroGPU is a platform of Hugging Face Spaces, and not"):
        RunService.from_environment({"STYLE_TRANSFER_EXECUTOR": "zerogpu"})
    assert service.executor.device in present()
    with pytest.raises(ValueError, match="no device 'cuda:77' here"):
        RunService.from_environment({"STYLE_TRANSFER_DEVICE": "cuda:77"})
