"""Runs whose steps are made by threads of this process, with the real network."""

import sys
import time
from dataclasses import replace
from itertools import cycle

import pytest
import torch

from style_transfer.engine import Stroke, Styles, stylize
from style_transfer.runs.executor import Job
from style_transfer.runs.scheduler import Scheduler
from style_transfer.runs.steering import Lasting
from style_transfer.runs.thread_executor import ThreadExecutor
from style_transfer.settings import Settings
from tests.engine.runs import QUICK

LONG = replace(QUICK, style_layers=["relu1_1"], steps=5000)
SHORT = replace(LONG, steps=12)


def wait_for(condition, seconds=60):
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        time.sleep(0.01)
    assert condition()


@pytest.fixture
def begin(service, photo, painting):
    """A function that starts a run; all of them end with the test."""
    begun = []

    def begin(settings=LONG, strokes=(), **options):
        job = Job(photo, Styles((painting,)), settings, strokes=strokes)
        begun.append(service.start(job, **options))
        return begun[-1]

    yield begin
    for run in begun:
        run.stop()
        assert run.join(60)


def step(run):
    return run.frame.step if run.frame else -1


def test_frames_made_before_a_change_have_the_settings_before_it(begin):
    published = []
    run = begin(on_frame=lambda run: published.append(run.frame))
    wait_for(lambda: step(run) >= 2)
    run.settings = replace(LONG, beta=20)
    (change,) = run.changes
    wait_for(lambda: step(run) >= change.step + 2)
    assert all((frame.settings.beta == 20) == (frame.step >= change.step) for frame in published)


def test_settings_and_styles_of_one_step_belong_together(photo, painting):
    one = Job(photo, Styles((painting,)), replace(SHORT, beta=1))
    two = replace(one, styles=Styles((painting, photo)), settings=replace(SHORT, beta=2))
    execution, changes = ThreadExecutor(Scheduler(), device="cpu").start(one), cycle([two, one])
    read = execution._read

    def read_and_change():
        settings = read()
        execution.update(next(changes))  # before the styles of this step are asked for
        return settings

    execution._read = read_and_change
    made = [frame for frame in execution.frames() if frame.losses]
    assert {frame.settings.beta for frame in made} == {1, 2}
    for frame in made:
        assert ("style 2" in frame.losses) == (frame.settings.beta == 2)


def test_a_paused_run_makes_no_step_and_goes_on_when_resumed(begin):
    run, other = begin(), begin()
    wait_for(lambda: step(run) >= 1)
    run.pause()
    at, others = step(run), step(other)
    wait_for(lambda: step(other) >= others + 7)  # in which the run would have made some as well
    assert step(run) <= at + 1  # the step that was under way is finished
    run.resume()
    wait_for(lambda: step(run) > at + 1)


@pytest.mark.parametrize("act", ["pause", "stop"])
def test_a_run_that_is_paused_or_stopped_before_its_turn_makes_no_step(photo, painting, act):
    class Busy(Scheduler):
        def __enter__(self):
            super().__enter__()
            getattr(execution, act)()  # while the run waits

    job = Job(photo, Styles((painting,)), SHORT)
    execution = ThreadExecutor(Busy(), device="cpu").start(job)
    frames = execution.frames()
    assert next(frames).step == 0  # without the device
    assert next(frames, None) is None


def test_a_pause_changes_nothing_of_what_is_made(begin):
    def pause_at_1(run):
        if step(run) == 1:
            run.pause()

    unpaused, paused = begin(SHORT), begin(SHORT, on_frame=pause_at_1)
    wait_for(lambda: paused.paused and unpaused.ended)
    assert step(paused) == 1
    paused.resume()
    wait_for(lambda: paused.ended)
    if paused.frame.image.device.type == "cpu":
        assert paused.losses == unpaused.losses  # to the last bit
        assert torch.equal(paused.frame.picture, unpaused.frame.picture)
    else:
        assert torch.allclose(paused.frame.picture, unpaused.frame.picture, atol=1e-2)


def test_stop_ends_a_running_and_a_paused_run(begin):
    running, paused = begin(), begin()
    paused.pause()
    for run in (running, paused):
        run.stop()
        assert run.join(60)
        assert run.outcome.word == "stopped"


@pytest.mark.integration
def test_two_runs_share_the_device_evenly(begin):
    first, second = begin(), begin()
    wait_for(lambda: step(first) >= 5 and step(second) >= 5)
    at = step(first), step(second)
    wait_for(lambda: step(first) >= at[0] + 20)
    assert abs((step(second) - at[1]) - (step(first) - at[0])) <= 2


@pytest.mark.parametrize("ahead", [False, True], ids=["at once", "ahead"])
@pytest.mark.parametrize("change", ["beta", "steps", "strokes"])
def test_the_step_that_is_named_for_a_change_is_the_first_one_made_with_it(
    photo, painting, monkeypatch, ahead, change
):
    monkeypatch.setattr(sys.modules[stylize.__module__], "runs_ahead", lambda _: ahead)
    job = Job(photo, Styles((painting,)), replace(LONG, steps=6))
    wipe = Stroke("wipe", ((0.5, 0.5, 1.0),), number=1)
    for at in range(6 if change == "beta" else 7):
        execution = ThreadExecutor(Scheduler(), device="cpu").start(job)
        named, made = None, []
        for frame in execution.frames():
            if frame.step == at and named is None:
                settings = replace(job.settings, beta=9, steps=6 if change == "beta" else 8)
                strokes = (wipe,) if change == "strokes" else ()
                named = execution.update(replace(job, settings=settings, strokes=strokes))
            elif frame.losses and frame.settings.beta == 9:
                made.append(frame.step)
        assert made[:1] == ([named] if named <= settings.steps else [])


def test_turns_that_are_no_steps_do_not_count_as_steps(photo, painting, monkeypatch):
    monkeypatch.setattr("style_transfer.runs.scheduler.RATE_WINDOW", 1000.0)
    executor = ThreadExecutor(scheduler := Scheduler())
    with scheduler:  # as somebody who measures or looks inside
        pass
    assert executor.steps_per_second == 0
    frames = executor.start(Job(photo, Styles((painting,)), replace(LONG, steps=3))).frames()
    assert [frame.step for frame in frames] == [0, 1, 2, 3]
    assert executor.steps_per_second == 0.003


def test_a_change_of_colours_keeps_the_optimisers_memory(begin):
    run = begin()
    wait_for(lambda: step(run) >= 2)
    run.settings = replace(LONG, keep_colors=1.0)
    at = step(run)
    wait_for(lambda: step(run) >= at + 2)
    assert len(run.state.memory) > 2
    assert run.frame.settings.keep_colors == 1


def test_a_run_continues_from_the_state_of_another_as_if_it_had_never_ended(
    service, photo, painting
):
    def finish(settings, **options):
        run = service.start(Job(photo, Styles((painting,)), settings, **options))
        for _ in run.frames():
            pass
        return run

    whole = finish(replace(LONG, steps=8))
    half = finish(replace(LONG, steps=4))
    rest = finish(replace(LONG, steps=8), state=half.state)
    assert [number for number, _ in rest.losses] == [5, 6, 7, 8]
    if whole.frame.image.device.type == "cpu":
        assert half.losses + rest.losses == whole.losses
    else:
        assert torch.allclose(rest.frame.picture, whole.frame.picture, atol=1e-2)


def test_the_cost_of_steps_is_measured_once_for_all_that_it_depends_on(service):
    def cost_model(**changes):
        return service.executor.cost_model(settings=Settings(statistic="gram", **changes))

    first = cost_model()
    assert cost_model(alpha=3, beta=1, steps=7) is first
    assert service.executor.cost_model(settings=Settings(statistic="bures")) is not first
    assert cost_model(style_layers={"relu3_1": 1.0}) is not first


def smear(number):
    return Stroke("smear", ((0.2, 0.5, 1), (0.6, 0.5, 1)), 0.2, number=number)


def strokes_of(run):
    return [stroke.number for stroke in run.frame.state.strokes]


def test_a_stroke_is_done_before_the_next_step_and_told_by_its_number(begin):
    published = []
    run = begin(on_frame=lambda run: published.append(run.frame))
    wait_for(lambda: step(run) >= 2)
    run.touch([smear(7)])
    wait_for(lambda: strokes_of(run) == [7] and step(run) > run.changes[-1].step)
    first = next(n for n, frame in enumerate(published) if frame.state.strokes)
    assert published[first].step == published[first - 1].step
    assert published[first].losses == published[first - 1].losses
    assert published[first + 1].step == published[first].step + 1 == run.changes[-1].step
    assert not torch.equal(published[first].image, published[first - 1].image)


def test_a_paused_run_does_strokes_and_makes_no_step(begin):
    run = begin()
    wait_for(lambda: step(run) >= 2)
    run.pause()
    run.touch([smear(1)])
    run.touch([smear(2), Stroke("undo", number=3)])
    wait_for(lambda: strokes_of(run) == [1, 2, 3])
    at = step(run)
    time.sleep(0.3)
    assert step(run) == at
    run.settings = replace(LONG, beta=20)
    assert run.changes[-1].step == at + 1


def test_a_stroke_in_the_last_step_makes_the_run_last(begin):
    touched = []

    def touch_once(run):
        if step(run) == SHORT.steps and not touched:
            touched.append(step(run))
            run.touch([smear(1)])

    run = begin(SHORT, lasting=Lasting(after_change=5), on_frame=touch_once)
    assert run.join(60)
    assert strokes_of(run) == [1]
    assert run.frame.step >= touched[0] + 5


def test_strokes_with_a_step_are_done_after_it(begin):
    published = []
    strokes = (replace(smear(1), step=3), replace(smear(2), step=5))
    job = {"strokes": strokes, "on_frame": lambda run: published.append(run.frame)}
    begin(replace(LONG, steps=8), **job).join(60)
    made = [(frame.step, len(frame.state.strokes)) for frame in published]
    assert made[3:8] == [(3, 0), (3, 1), (4, 1), (5, 1), (5, 2)]


def test_a_stroke_before_those_that_come_at_their_steps_leaves_them_to_come(begin):
    def touch_once(run):
        if step(run) == 1:
            run.touch([smear(3)])

    recipe = tuple(replace(smear(n), step=step) for n, step in ((1, 3), (2, 5)))
    run = begin(replace(QUICK, steps=7), strokes=recipe, on_frame=touch_once)
    assert run.join(60)
    assert sorted(strokes_of(run)) == [1, 2, 3]


def test_a_run_goes_on_with_the_strokes_that_its_state_has_not_had(begin, service, photo):
    run = begin(SHORT)
    run.touch([smear(1)])
    assert run.join(60)
    job = replace(run._steering.job, state=run.state, strokes=(smear(1), smear(2)))
    later = service.start(job)
    assert later.join(60)
    assert strokes_of(later) == [1, 2]
    assert later.frame.step == run.frame.step
