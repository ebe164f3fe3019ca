"""Runs whose steps are made in calls; here by workers within this process."""

import errno
import os
import threading
import time
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from style_transfer.engine import Stroke, Styles, newest_number, stylize
from style_transfer.runs import run_folder, worker
from style_transfer.runs.executor import Job
from style_transfer.runs.outcome import UnavailableError
from style_transfer.runs.remote_execution import RemoteExecution, WorkerLostError
from style_transfer.runs.run_folder import RunFolder, WorkerFolder
from style_transfer.runs.scheduler import Scheduler
from style_transfer.runs.thread_executor import ThreadExecution, ThreadExecutor
from style_transfer.settings import Settings
from tests.runs.full_disk import Disk

pytestmark = pytest.mark.integration

SETTINGS = Settings(steps=8, style_layers=["relu1_1"], content_layer="relu2_1")


class Worker:
    """Calls that end after `steps` messages each: their time is up, or `lost` is raised."""

    def __init__(self, steps=1000, lost=False):
        self.steps, self.lost, self.calls = steps, lost, 0

    def call(self, job, folder):
        self.calls += 1
        self.left = self.steps
        self.steps = 1000 if self.lost else self.steps
        start = ThreadExecutor(Scheduler(), device="cpu").start
        for message in worker.messages(folder.path, start, lambda: 1000 * (self.left - 1.5)):
            self.left -= 1
            if self.lost and not self.left:
                raise WorkerLostError
            yield message


@pytest.fixture(autouse=True)
def _each_frame_is_sent(monkeypatch):
    monkeypatch.setattr(worker, "SHOWN_EVERY", 0.0)


@pytest.fixture
def job(photo, painting):
    photo, painting = (each[..., :32, :32] for each in (photo, painting))
    return Job(photo, Styles((painting,)), SETTINGS)


@pytest.fixture
def by_hand(job):
    return list(stylize(job.content, job.styles, lambda: SETTINGS))


def check(frames, by_hand):
    """Compare frames, but for those that only bring the state of the one before."""
    assert frames[-1].whole
    frames = [each for each in frames if each.losses or not each.step]
    assert [each.step for each in frames] == list(range(9))
    assert [each.losses for each in frames] == [each.losses for each in by_hand]
    assert torch.equal(frames[-1].picture, by_hand[-1].picture)


def test_one_call_makes_the_frames_of_stylize(job, by_hand):
    frames = list(RemoteExecution(job, Worker()).frames())
    check(frames, by_hand)
    assert (frames[4].picture - by_hand[4].picture).abs().mean() < 2 / 255  # it came as a JPEG
    assert not frames[4].whole


def test_calls_whose_time_is_up_make_the_same(job, by_hand):
    caller = Worker(steps=3)
    check(list(RemoteExecution(job, caller).frames()), by_hand)
    assert caller.calls == 3


def test_no_step_is_begun_that_would_end_after_a_calls_time(job, monkeypatch):
    now, execution = [0.0], ThreadExecutor(Scheduler(), device="cpu").start(job)

    def frames():
        for frame in ThreadExecution.frames(execution):
            now[0] += bool(frame.losses)  # a second each
            yield frame

    monkeypatch.setattr(execution, "frames", frames)
    monkeypatch.setattr(worker, "time", SimpleNamespace(monotonic=lambda: now[0]))
    folder = RunFolder()
    folder.begin(job)
    *_, last = worker.messages(folder.path, lambda _: execution, lambda: 3.5 - now[0])
    folder.remove()
    assert (last.step, last.saved) == (3, True)


def test_a_lost_worker_costs_the_steps_since_its_last_state_and_no_frame_comes_twice(job, by_hand):
    caller = Worker(steps=6, lost=True)
    check([frame for frame in RemoteExecution(job, caller).frames() if frame], by_hand)
    assert caller.calls == 2


def test_a_frame_has_no_state_of_a_later_step_where_messages_are_read_late(job, monkeypatch):
    class Late(Worker):
        def call(self, job, folder):
            yield from list(super().call(job, folder))  # the worker is done when the first is read

    monkeypatch.setattr(worker, "SAVED_EVERY", 0.0)
    frames = list(RemoteExecution(job, Late()).frames())
    assert [each.state.step for each in frames] == [each.step for each in frames]
    assert [each.whole for each in frames] == [False] * 8 + [True]


def test_a_caller_that_has_nothing_to_tell_lets_the_run_look_up(job):
    class Slow(Worker):
        def call(self, job, folder):
            for message in super().call(job, folder):
                yield None
                yield message

    frames = list(RemoteExecution(job, Slow()).frames())
    assert [None if each is None else each.step for each in frames][:4] == [None, 0, None, 1]
    assert frames[-1].whole


def test_workers_that_are_lost_again_and_again_end_the_run_with_a_sentence(job, monkeypatch):
    def lost(*_):
        raise WorkerLostError
        yield

    monkeypatch.setattr(Worker, "call", lost)
    execution = RemoteExecution(job, Worker())
    with pytest.raises(UnavailableError, match="has ended several times without a step"):
        list(execution.frames())


def test_steps_that_were_not_shown_have_their_losses_in_the_next_frame(job, by_hand, monkeypatch):
    monkeypatch.setattr(worker, "SHOWN_EVERY", 3600.0)
    frames = list(RemoteExecution(job, Worker()).frames())
    assert [each.step for each in frames] == [0, 8]
    assert [losses for _, losses in frames[1].skipped] == [each.losses for each in by_hand[1:8]]


def test_a_pause_ends_the_call_and_resume_begins_the_next(job, by_hand):
    caller, frames = Worker(), []
    execution = RemoteExecution(job, caller)
    for frame in execution.frames():
        if frame is None:
            execution.resume()
            continue
        frames.append(frame)
        if frame.step == 3:
            execution.pause()
    check(frames, by_hand)
    assert caller.calls == 2


def test_another_content_image_between_two_calls_is_gone_on_with(job, tall_photo):
    execution, sizes = RemoteExecution(job, Worker()), []
    for frame in execution.frames():
        if frame is None:
            execution.update(replace(job, content=tall_photo))
            execution.resume()
            continue
        sizes.append(tuple(frame.content.shape[-2:]))
        if frame.step == 3:
            execution.pause()
    assert sizes == [(32, 32)] * 5 + [(192, 64)] * 5


def smear(number):
    return Stroke("smear", ((0.2, 0.5, 1), (0.6, 0.5, 1)), 0.2, number=number)


def test_strokes_are_done_within_a_call_and_in_one_of_their_own_while_paused(job):
    caller, told = Worker(), []
    execution = RemoteExecution(job, caller)
    for frame in execution.frames():
        if frame is None:
            if told[-1][1] < 2:
                execution.update(replace(job, strokes=(smear(1), smear(2))))
            else:
                execution.resume()
            continue
        told.append((frame.step, newest_number(frame.state.strokes), bool(frame.losses)))
        if frame.step == 2 and told[-1][1] == 0:
            execution.update(replace(job, strokes=(smear(1),)))
        if frame.step == 4:
            execution.pause()
    assert told[2:5] == [(2, 0, True), (2, 1, False), (3, 1, True)]
    assert told[5:9] == [(4, 1, True), (4, 1, False), (4, 2, False), (5, 2, True)]
    assert told[-1][0] == 8
    assert caller.calls == 3


def test_settings_of_frames_are_those_of_their_steps(job):
    execution, betas = RemoteExecution(job, Worker()), []
    for frame in execution.frames():
        betas.append(frame.settings.beta)
        if frame.step == 3:
            execution.update(replace(job, settings=replace(SETTINGS, beta=20)))
    assert betas == [SETTINGS.beta] * 4 + [20] * 5


def test_what_goes_wrong_in_a_step_ends_the_run_as_in_this_process(job, monkeypatch):
    monkeypatch.setattr(ThreadExecutor, "start", lambda *_: 1 / 0)
    with pytest.raises(RuntimeError, match="A fault of the program ended the run at step 1"):
        list(RemoteExecution(job, Worker()).frames())


def test_the_folder_of_a_run_goes_with_it(job):
    execution = RemoteExecution(job, Worker())
    assert execution._folder.path.exists()
    list(execution.frames())
    assert not execution._folder.path.exists()


def test_a_run_that_is_stopped_when_a_call_is_about_to_begin_makes_none(job):
    caller = Worker()
    execution = RemoteExecution(job, caller)
    with execution._changed:
        following = threading.Thread(target=lambda: list(execution.frames()))
        following.start()
        time.sleep(0.2)  # until it waits to begin
        execution.stop()
    following.join(60)
    assert not following.is_alive()
    assert not caller.calls


@pytest.fixture
def disk(monkeypatch):
    """The one of the page's process."""
    return Disk(monkeypatch, run_folder)


def test_what_a_full_disk_holds_up_acts_as_soon_as_there_is_room(job, disk, tall_photo, caplog):
    execution, seen = RemoteExecution(job, Worker()), []
    for frame in execution.frames():
        seen.append((frame.settings.beta, tuple(frame.content.shape[-2:])))
        disk.is_full = 2 <= frame.step < 5
        if frame.step == 3:
            steered = replace(job, settings=replace(SETTINGS, beta=20), content=tall_photo)
            execution.update(steered)
    assert seen == [(SETTINGS.beta, (32, 32))] * 7 + [(20, (192, 64))] * 2
    assert caplog.text.count("A run cannot be steered for now: No space left on device.") == 1


def test_a_run_stops_though_the_disk_is_full(job, disk):
    execution, steps = RemoteExecution(job, Worker()), []
    for frame in execution.frames():
        steps.append(frame.step)
        disk.is_full = frame.step >= 3
        if frame.step == 3:
            execution.stop()
    assert steps == [0, 1, 2, 3]
    assert not execution._folder.path.exists()


def test_a_call_that_a_full_disk_forbids_ends_the_run_with_a_sentence(job, disk):
    disk.is_full = True
    with pytest.raises(UnavailableError, match=r"cannot be written \(No space left on device\)"):
        list(RemoteExecution(job, Worker()).frames())


def test_a_state_that_cannot_be_saved_is_not_tried_after_every_step(
    job, by_hand, monkeypatch, caplog
):
    tried = []

    def save(self, state):
        tried.append(state.step)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(WorkerFolder, "save", save)
    frames = list(RemoteExecution(job, Worker()).frames())
    assert [each.losses for each in frames] == [each.losses for each in by_hand]
    assert tried == [0, 8]
    assert caplog.text.count("cannot be saved") == 1
