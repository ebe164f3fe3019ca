"""Runs whose steps are made by processes, one for each share of the CPU."""

import os
import signal
import sys
import threading
import time
from dataclasses import replace

import pytest

from style_transfer.batch import Request, paint_files
from style_transfer.devices import VARIABLE
from style_transfer.engine import Styles, stylize
from style_transfer.images import to_pil
from style_transfer.network import NETWORKS
from style_transfer.runs import device_process
from style_transfer.runs import run as run_module
from style_transfer.runs.device_process import DeviceProcess
from style_transfer.runs.executor import Job
from style_transfer.runs.outcome import UNWATCHED
from style_transfer.runs.process_executor import ProcessExecutor
from style_transfer.runs.remote_execution import WorkerLostError
from style_transfer.runs.run import Run
from style_transfer.settings import Settings
from tests.conftest import smooth_picture
from tests.runs.test_thread_executor import step, wait_for

SHORT = Settings(steps=30, style_layers=["relu1_1"], content_layer="relu2_1")
LONG = replace(SHORT, steps=5000)

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def executor():
    executor = ProcessExecutor.from_environment({VARIABLE: "cpu"})
    executor.cost_model()  # or the runs would wait for it
    yield executor
    executor.end()


@pytest.fixture
def begin(executor, photo, painting, monkeypatch):
    monkeypatch.setattr(run_module, "PATIENCE", 3600.0)
    begun = []

    def begin(settings):
        begun.append(Run(Job(photo, Styles((painting,)), settings), executor))
        return begun[-1]

    yield begin
    for run in begun:
        run.stop()
        assert run.join(60)


@pytest.mark.slow
def test_runs_go_to_the_process_with_the_fewest(begin, executor):
    runs = [begin(LONG) for _ in range(4)]
    wait_for(lambda: min(map(step, runs)) > 2)
    assert executor.load(4) == [("cpu", 2), ("cpu", 2)]
    assert os.getpid() not in [each.pid for each in executor._workers]
    for run in runs:
        run.stop()
    wait_for(lambda: executor.load(0) == [("cpu", 0), ("cpu", 0)])


def test_a_process_makes_the_picture_that_this_one_would(begin, photo, painting):
    run = begin(SHORT)
    assert run.join(60)
    assert [number for number, _ in run.losses] == list(range(1, 31))
    here = stylize(photo, painting, lambda: replace(SHORT, steps=5))
    totals = [frame.losses["total"] for frame in here if frame.losses]
    # Other backends may be chosen there, whose rounding grows with the steps.
    assert [losses["total"] for _, losses in run.losses[:5]] == pytest.approx(totals, rel=1e-2)
    assert run.state.memory  # whole, to go on from


def test_a_moved_knob_acts_at_the_step_that_is_named(begin):
    run = begin(LONG)
    wait_for(lambda: step(run) >= 5)
    run.settings = replace(LONG, beta=20)
    wait_for(lambda: run.frame.settings.beta == 20)
    assert abs(step(run) - run.changes[-1].step) <= 3


def test_the_runs_of_a_dead_process_go_on_elsewhere(begin, executor):
    runs = [begin(LONG), begin(LONG)]
    wait_for(lambda: min(map(step, runs)) > 2)
    os.kill(executor._workers[0].pid, signal.SIGTERM)
    time.sleep(0.1)
    at = [step(run) for run in runs]
    wait_for(lambda: all(step(run) > before + 2 for run, before in zip(runs, at, strict=True)))
    for run in runs:
        numbers = [number for number, _ in run.losses]
        assert numbers == list(range(1, len(numbers) + 1))  # none twice, none left out


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for another process")
def test_ctrl_c_ends_no_process(begin, executor):
    run, before = begin(LONG), [each.pid for each in executor._workers]
    wait_for(lambda: step(run) > 2)
    for pid in before:
        os.kill(pid, signal.SIGINT)
    time.sleep(0.1)
    at = step(run)
    wait_for(lambda: step(run) > at + 2)
    assert [each.pid for each in executor._workers if not each.has_ended] == before


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="signals of POSIX")
def test_a_process_that_hangs_is_replaced_and_its_runs_go_on(begin, executor, monkeypatch, caplog):
    monkeypatch.setattr(device_process, "SILENCE", 2.5)
    monkeypatch.setattr(device_process, "_FRESH", 2.0)
    run = begin(LONG)
    wait_for(lambda: step(run) > 2)
    hung = executor._workers[[count for _, count in executor.load(1)].index(1)]
    os.kill(hung.pid, signal.SIGSTOP)
    wait_for(lambda: not hung.is_ready or hung.has_ended)  # so that others are asked first
    at = step(run)
    wait_for(lambda: step(run) > at + 2)
    assert hung.has_ended
    assert f"Process {hung.pid} told nothing for 3 s" in caplog.text
    numbers = [number for number, _ in run.losses]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="signals of POSIX")
def test_the_limits_of_a_run_hold_while_its_process_tells_nothing(begin, executor, monkeypatch):
    run = begin(LONG)
    wait_for(lambda: step(run) > 2)
    hung = executor._workers[[count for _, count in executor.load(1)].index(1)]
    monkeypatch.setattr(run_module, "PATIENCE", 0.0)
    os.kill(hung.pid, signal.SIGSTOP)
    try:
        wait_for(lambda: run._execution._stopped)
    finally:
        os.kill(hung.pid, signal.SIGCONT)
    assert run.join(60)
    assert run.outcome is UNWATCHED


@pytest.mark.skipif(not hasattr(os, "getpgid"), reason="process groups of POSIX")
def test_ctrl_c_at_a_terminal_is_for_the_process_that_asks_alone(executor):
    groups = [os.getpgid(each.pid) for each in executor._workers]
    assert os.getpgrp() not in groups


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="signals of POSIX")
def test_a_process_ends_quietly_where_the_one_that_asks_is_gone_in_the_middle_of_a_step(
    photo, painting
):
    own = ProcessExecutor(["cpu"])
    frames = own.start(Job(photo, Styles((painting,)), LONG)).frames()
    while (frame := next(frames)) is None or frame.step < 2:
        pass
    (worker,) = own._workers
    worker._process.stdin.close()  # as the system does where its parent dies
    assert worker._process.wait(30) == 0
    frames.close()
    own.end()


def test_an_executor_that_was_ended_makes_no_further_process(photo, painting, monkeypatch):
    monkeypatch.setattr(run_module, "PATIENCE", 3600.0)
    own = ProcessExecutor(["cpu"])
    run = Run(Job(photo, Styles((painting,)), LONG), own)
    wait_for(lambda: step(run) > 2)
    own.end()
    assert run.join(60)
    assert str(run.error) == "The processes that paint have been ended."
    assert all(each.has_ended for each in own._workers)


def test_a_fault_in_a_measurement_does_not_keep_the_one_who_waits_for_it(executor):
    with pytest.raises(WorkerLostError):
        executor._workers[0].cost_model(NETWORKS[0], settings="no settings", anew=True)


@pytest.mark.skipif(os.name != "posix", reason="a script of the shell")
def test_a_process_whose_answer_cannot_be_read_is_given_up(monkeypatch, tmp_path, caplog):
    telling = tmp_path / "python"
    script = ["#!/bin/sh", "read -r question", r"printf 'cnowhere\nThing\n.'", "exec sleep 60"]
    telling.write_text("\n".join(script))
    telling.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(telling))
    process = DeviceProcess("cpu", (0, 1))
    process._process.stdin.write(b"\n")
    with pytest.raises(WorkerLostError):
        process.cost_model(NETWORKS[0], Settings(), anew=True)
    process.end()
    assert process.has_ended
    assert f"An answer of process {process.pid} cannot be read; it is killed." in caplog.text


@pytest.mark.slow
def test_pictures_in_files_are_spread_over_the_processes(executor, tmp_path):
    for number in range(4):
        to_pil(smooth_picture(number)).save(tmp_path / f"{number}.png")
    photos = [tmp_path / f"{number}.png" for number in range(1, 4)]
    given = photos, tmp_path / "0.png", tmp_path / "out"
    told = list(paint_files(*given, Request(SHORT, 48), executor=executor))
    assert [(each.status, each.frame.step) for each in told] == [("painted", 30)] * 3
    assert all(each.place.exists() for each in told)


def test_a_wrong_number_of_shares_is_refused_in_a_sentence():
    with pytest.raises(ValueError, match=r"STYLE_TRANSFER_SHARES must be from 1 to 64, not 'two'"):
        ProcessExecutor.from_environment({"STYLE_TRANSFER_SHARES": "two"})


@pytest.mark.slow
def test_two_runs_at_once_are_as_fast_together_as_by_turns_in_one_process(photo, painting):
    """With as many cores as shares; prints the seconds of both."""
    job, seconds = Job(photo, Styles((painting,)), replace(SHORT, steps=400)), {}
    for shares in (1, 2, 1, 2):
        executor = ProcessExecutor(["cpu"] * shares)
        executor.cost_model()
        began = time.monotonic()
        threads = [
            threading.Thread(target=lambda: list(executor.start(job).frames()))  # noqa: B023
            for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds.setdefault(shares, []).append(time.monotonic() - began)
        executor.end()
    print(seconds)
    assert min(seconds[2]) <= 1.05 * min(seconds[1])
