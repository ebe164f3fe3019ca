"""Runs whose steps are made by actors; here of a simulated cluster, within this process."""

import errno
import math
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from platform import node

import pytest
import torch

from style_transfer.engine import Styles, stylize
from style_transfer.runs import ray_actor, ray_worker, remote_execution, worker
from style_transfer.runs.cost_model import CostModel
from style_transfer.runs.executor import Job
from style_transfer.runs.outcome import UnavailableError
from style_transfer.runs.ray_executor import RayExecutor
from style_transfer.runs.run import Run
from style_transfer.runs.run_folder import RunFolder
from style_transfer.settings import Settings
from tests.runs.fake_ray import FakeRay
from tests.runs.full_disk import Disk
from tests.runs.test_thread_executor import step, wait_for

SHORT = Settings(steps=8, style_layers=["relu1_1"], content_layer="relu2_1")
LONG = replace(SHORT, steps=5000)

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("known_costs")]


@pytest.fixture
def cluster(monkeypatch):
    """Give a function that makes the cluster with so many places, and an executor on it.

    All actors that have a place have been heard of then, which takes a while on a busy machine:
    until that, runs go to the others.
    """
    monkeypatch.setattr(ray_actor.runtime, "configure", lambda: None)
    made = []

    def cluster(places=2, **environment):
        ray = FakeRay(places)
        monkeypatch.setitem(sys.modules, "ray", ray)
        executor = RayExecutor(environment)
        made.append(executor)
        wait_for(lambda: sum(each.is_ready for each in executor._workers) == places)
        return ray, executor

    yield cluster
    for executor in made:
        executor.end()


@pytest.fixture
def job(photo, painting):
    return Job(photo, Styles((painting,)), SHORT)


@pytest.fixture
def begin(job):
    """A function that starts a run; all of them end with the test."""
    begun = []

    def begin(executor, settings=LONG):
        begun.append(Run(replace(job, settings=settings), executor))
        return begun[-1]

    yield begin
    for run in begun:
        run.stop()
        assert run.join(60)


def test_an_actor_makes_the_picture_that_this_process_would(cluster, job, monkeypatch):
    monkeypatch.setattr(worker, "SHOWN_EVERY", 0.0)
    _, executor = cluster()
    told = executor.start(job).frames()
    frames = [each for each in told if each and (each.losses or not each.step)]
    by_hand = list(stylize(job.content, job.styles, lambda: SHORT))
    assert [each.losses for each in frames] == [each.losses for each in by_hand]
    assert torch.equal(frames[-1].picture, by_hand[-1].picture)
    assert frames[-1].whole


def test_a_state_for_which_the_page_has_no_room_ends_no_run(cluster, job, monkeypatch):
    def keep(self, state):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(RunFolder, "keep", keep)
    _, executor = cluster()
    frames = [each for each in executor.start(job).frames() if each]
    assert frames[-1].step == SHORT.steps
    assert not frames[-1].whole


@pytest.fixture
def disk(monkeypatch):
    """The one of the actors."""
    return Disk(monkeypatch, ray_actor)


def test_a_knob_acts_though_the_disk_of_an_actor_was_full(
    cluster, begin, disk, caplog, monkeypatch
):
    # However many calls are tried until there is room again.
    monkeypatch.setattr(remote_execution, "FRUITLESS_CALLS", math.inf)
    _, executor = cluster(places=1)
    run = begin(executor)
    wait_for(lambda: step(run) >= 2)
    disk.is_full = True
    run.settings = replace(LONG, beta=20)
    wait_for(lambda: "A call ends, since its files cannot be written: No space" in caplog.text)
    disk.is_full = False
    wait_for(lambda: run.frame.settings.beta == 20)
    numbers = [number for number, _ in run.losses]
    assert numbers == list(range(1, len(numbers) + 1))  # none twice, none left out


def test_a_run_for_which_an_actor_has_no_room_ends_with_a_sentence(cluster, begin, disk):
    disk.is_full = True
    _, executor = cluster(places=1)
    run = begin(executor)
    assert run.join(60)
    assert "has ended several times without a step" in str(run.error)
    assert run.outcome.rests


def test_runs_go_to_the_actor_with_the_fewest(cluster, begin):
    _, executor = cluster()
    executor.cost_model(settings=LONG)  # or what measures it would count as a run more
    runs = [begin(executor) for _ in range(4)]
    wait_for(lambda: min(map(step, runs)) > 1)
    assert executor.load(4) == [("cpu", 2), ("cpu", 2)]
    assert runs[0]._execution.place == f"cpu of {node()}"


def test_a_moved_knob_acts_during_the_call_and_stays(cluster, job):
    _, executor = cluster()
    execution, betas = executor.start(replace(job, settings=LONG)), []
    for frame in filter(None, execution.frames()):
        betas.append(frame.settings.beta)
        if len(betas) == 3:
            execution.update(replace(job, settings=replace(LONG, beta=20)))
        if betas[-3:] == [20] * 3:
            execution.stop()
    assert betas == [LONG.beta] * betas.count(LONG.beta) + [20] * betas.count(20)


def test_pictures_that_are_replaced_reach_the_actor(cluster, begin, tall_photo):
    _, executor = cluster()
    run = begin(executor)
    wait_for(lambda: step(run) >= 2)
    run.content = tall_photo
    wait_for(lambda: run.frame.content.shape[-2:] == (192, 64))


def test_the_runs_of_a_lost_actor_go_on_elsewhere_and_another_takes_its_place(cluster, begin):
    ray, executor = cluster()
    executor.cost_model(settings=LONG)  # or what measures it would count as a run more
    runs = [begin(executor), begin(executor)]
    wait_for(lambda: min(map(step, runs)) > 2)
    assert executor.load(2) == [("cpu", 1), ("cpu", 1)]
    ray.actors[0].die()
    at = [step(run) for run in runs]
    wait_for(lambda: all(step(run) > before + 2 for run, before in zip(runs, at, strict=True)))
    for run in runs:
        numbers = [number for number, _ in run.losses]
        assert numbers == list(range(1, len(numbers) + 1))  # none twice, none left out
    wait_for(lambda: len(ray.actors) == 3)  # what it had sent was shown first


def test_a_run_waits_for_a_machine_that_comes_later(cluster, begin):
    ray, executor = cluster(places=0)
    assert executor.load(0) == [("starting", 0)]
    run = begin(executor, SHORT)
    assert not run.join(0.2)
    assert run.frame is None
    ray.places.release()
    assert run.join(60)
    assert step(run) == 8


def test_a_run_that_waits_for_a_machine_can_be_stopped(cluster, begin):
    _, executor = cluster(places=0)
    run = begin(executor)
    run.stop()
    assert run.join(20)
    assert run.outcome.word == "stopped"


def test_where_no_machine_comes_one_sentence_says_so(cluster, job, monkeypatch):
    monkeypatch.setattr(ray_worker, "PATIENCE", 0.0)
    monkeypatch.setattr(ray_worker, "_COST_PATIENCE", 0.0)
    _, executor = cluster(places=0)
    with pytest.raises(UnavailableError, match="No machine of the cluster had a place within"):
        list(executor.start(job).frames())
    with pytest.raises(ValueError, match="No machine of the cluster had a place within"):
        executor.cost_model()


def test_a_call_that_is_given_up_leaves_nothing_behind(cluster, job, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(ray_actor, "process_folder", lambda *_: tmp_path)
    _, executor = cluster(places=1)
    frames = executor.start(replace(job, settings=LONG)).frames()
    assert any(frames)  # the first one has come
    assert list(tmp_path.iterdir())
    frames.close()
    wait_for(lambda: not list(tmp_path.iterdir()))
    wait_for(lambda: not executor.load(0)[0][1])
    assert not [each for each in caplog.records if each.name.startswith("style_transfer")]


@pytest.mark.parametrize(
    ("resources", "environment", "actors", "gpus"),
    [
        ({"CPU": 3.0}, {}, 3, 0),
        ({"CPU": 3.0}, {"STYLE_TRANSFER_RAY_CPUS": "2"}, 1, 0),
        ({"CPU": 9.0, "GPU": 2.0}, {}, 2, 1),
        ({"CPU": 9.0, "GPU": 2.0}, {"STYLE_TRANSFER_RAY_GPUS": "0.25"}, 8, 0.25),
        ({"CPU": 9.0, "GPU": 2.0}, {"STYLE_TRANSFER_RAY_GPUS": "0"}, 9, 0),
        ({"CPU": 1.0}, {"STYLE_TRANSFER_SHARES": "4"}, 4, 0),
        ({}, {}, 1, 0),
    ],
)
def test_there_are_as_many_actors_as_fit_unless_it_is_said(
    monkeypatch, resources, environment, actors, gpus
):
    ray = FakeRay(places=0)
    ray.resources = resources
    monkeypatch.setitem(sys.modules, "ray", ray)
    executor = RayExecutor(environment)
    executor.end()
    assert len(ray.actors) == actors
    assert {each.options["num_gpus"] for each in ray.actors} == {gpus}


def test_actors_of_one_machine_share_its_memory(cluster, monkeypatch):
    monkeypatch.setattr(ray_actor.free_memory, "available_memory", lambda _: 9000)
    _, executor = cluster(places=3)
    assert executor.available_memory() == 3000


def test_the_memory_of_an_actor_is_known_while_it_measures(cluster, monkeypatch):
    begun, ended = threading.Event(), threading.Event()

    def measure(*_, **__):
        begun.set()
        ended.wait()
        return CostModel(1.0, 0.0)

    monkeypatch.setattr(ray_actor.free_memory, "available_memory", lambda _: 9000)
    monkeypatch.setattr(ray_actor.ThreadExecutor, "cost_model", measure)
    _, executor = cluster(places=1)
    with ThreadPoolExecutor(1) as other:
        asked = other.submit(executor.cost_model)
        try:
            assert begun.wait(30)
            assert executor.available_memory() == 9000
        finally:
            ended.set()
        asked.result()


def test_what_is_wrong_is_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ValueError, match="Ray needs ray; install ray"):
        RayExecutor({})
    for name in ("STYLE_TRANSFER_RAY_GPUS", "STYLE_TRANSFER_RAY_CPUS"):
        with pytest.raises(ValueError, match=f"{name} must be a number from 0 to 1024, not 'few'"):
            RayExecutor({name: "few"})
    with pytest.raises(ValueError, match="STYLE_TRANSFER_SHARES must be from 1 to 64, not '0'"):
        RayExecutor({"STYLE_TRANSFER_SHARES": "0"})
