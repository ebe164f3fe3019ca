"""What a run does with any executor; its steps are made by a fake one."""

import threading
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from style_transfer.engine import DivergedError, Styles
from style_transfer.runs import broadcast
from style_transfer.runs import run as module
from style_transfer.runs.executor import Job
from style_transfer.runs.outcome import OUT_OF_TIME, Budget, Outcome
from style_transfer.runs.run import Run
from style_transfer.runs.steering import Lasting
from style_transfer.settings import Settings
from tests.runs.fake_executor import FakeExecutor

SETTINGS = Settings(steps=5000, style_layers=["relu1_1"], content_layer="relu2_1")


@pytest.fixture
def executor():
    return FakeExecutor(allowed=0)


@pytest.fixture
def begin(photo, painting, executor):
    """A function that starts a run; all of them end with the test."""
    begun = []

    def begin(settings=SETTINGS, *, allow=0, job=None, **options):
        job = Job(photo, Styles((painting,)), settings, **(job or {}))
        executor.allowed = allow
        begun.append(Run(job, executor, **options))
        return begun[-1]

    yield begin
    for run in begun:
        run.stop()
        assert run.join(20)


def wait_until(run, condition):
    """Watch a run until a condition holds; fail where it ends before."""
    for _ in run.frames():
        if condition():
            return
    assert condition()


def step(run):
    return run.frame.step if run.frame else -1


def wait_for_step(run, number):
    wait_until(run, lambda: step(run) >= number)


def test_a_run_makes_its_steps_and_ends(begin):
    run = begin(replace(SETTINGS, steps=3), allow=9)
    seen = [frame.step for frame in run.frames() if frame]
    assert seen == sorted(set(seen))
    assert seen[-1] == 3
    assert run.frame.step == 3
    assert run.ended
    assert run.outcome.word == "finished"
    assert run.join(20)
    assert run.seconds_left == 0
    assert [number for number, _ in run.losses] == [1, 2, 3]


def test_a_moved_knob_acts_from_the_step_that_the_run_names(begin, executor):
    run = begin(allow=3)
    wait_for_step(run, 2)
    run.settings = replace(SETTINGS, beta=20)
    (change,) = run.changes
    assert (change.step, change.description) == (3, "beta 5 to 20")
    assert run.frame.settings.beta == 5
    executor.executions[0].allow(1)
    wait_for_step(run, 3)
    assert run.frame.settings.beta == 20


def test_kept_colours_are_seen_without_another_step(begin):
    run = begin(allow=3)
    wait_for_step(run, 2)
    before, (number, _) = run.frame.picture, run.newest()
    run.settings = replace(SETTINGS, keep_colors=1.0)
    assert run.newest()[0] > number  # watchers hear of it at once
    assert step(run) == 2
    assert run.frame.settings.keep_colors == 1
    assert not run.frame.picture.equal(before)
    assert next(iter(run.frames())).settings.keep_colors == 1


def test_a_frame_that_is_watched_holds_no_optimiser_memory_and_the_run_does(begin):
    run = begin(allow=3)
    wait_for_step(run, 2)
    assert run.state.step == 2
    assert run.state.memory
    assert vars(run.frame.state) == vars(replace(run.state, memory=(), good=None))


def test_pause_resume_and_stop_reach_the_execution(begin, executor):
    run = begin(allow=3)
    wait_for_step(run, 2)
    run.pause()
    assert run.paused
    executor.executions[0].allow(1)
    run.settings = replace(SETTINGS, beta=20)  # wakes the watchers
    assert step(run) == 2
    run.resume()
    assert not run.paused
    wait_for_step(run, 3)
    run.pause()
    run.stop()
    assert run.join(20)
    assert run.outcome.word == "stopped"
    assert not run.paused


def test_who_watches_hears_at_once_that_a_run_ends_after_the_step_under_way(begin, executor):
    run = begin(allow=2)
    wait_for_step(run, 1)
    stop, executor.executions[0].stop = executor.executions[0].stop, lambda: None
    number, _ = run.newest()
    run.stop()
    assert run.stopping
    assert run.newest()[0] > number
    stop()
    assert run.join(20)
    assert not run.stopping


def test_a_run_that_nobody_watches_ends_by_itself(begin, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 0.1)
    run = begin()
    run.pause()
    assert run.join(20)
    assert run.outcome.word == "nobody watched"
    assert run.error is None


def test_a_run_that_is_paused_and_resumed_at_once_tells_what_its_execution_does(begin, executor):
    run = begin(allow=1)
    (execution,) = executor.executions
    pause, others = execution.pause, []

    def pause_while_another_resumes():
        pause()
        others.append(threading.Thread(target=run.resume))
        others[0].start()
        others[0].join(0.2)

    execution.pause = pause_while_another_resumes
    run.pause()
    others[0].join()
    assert (run.paused, execution._paused) == (False, False)


def test_a_watcher_hears_of_a_paused_run_every_heartbeat(begin, monkeypatch):
    monkeypatch.setattr(broadcast, "HEARTBEAT", 0.01)
    run = begin()
    run.pause()
    frames = run.frames()
    assert [next(frames) for _ in range(10)] == [None] * 10


def test_only_each_nth_frame_wakes_the_watchers(begin, executor, monkeypatch):
    monkeypatch.setattr(broadcast, "HEARTBEAT", 60.0)
    run = begin(preview_every=3, allow=1)
    wait_for_step(run, 0)
    frames = run.frames()
    next(frames)
    executor.executions[0].allow(3)
    assert next(frames).step == 3
    for _ in range(2):
        run.preview_every = 2
    assert [change.description for change in run.changes] == ["a preview every 2 steps"]


def test_raising_the_steps_of_a_run_prolongs_it(begin, executor):
    run = begin(replace(SETTINGS, steps=50), allow=1)
    run.settings = replace(SETTINGS, steps=60)
    executor.executions[0].allow(1000)
    for _ in run.frames():
        pass
    assert step(run) == 60


def test_a_layer_that_the_network_lacks_is_refused_and_the_run_goes_on(begin, executor):
    run = begin(job={"network": "torchvision-vgg16"}, allow=1)
    with pytest.raises(
        ValueError, match="torchvision-vgg16 has no layer 'relu5_4'; it has pixels, relu1"
    ):
        run.settings = replace(SETTINGS, style_layers=["relu5_4"])
    with pytest.raises(
        ValueError, match="torchvision-vgg16 has no layer 'relu5_4'; it has relu1_1, relu1_2"
    ):
        run.settings = replace(SETTINGS, content_layer="relu5_4")
    assert run.settings == SETTINGS
    executor.executions[0].allow(1)
    wait_for_step(run, 1)


def test_styles_can_be_replaced_during_a_run(begin, executor, photo, painting):
    run = begin(allow=1)
    wait_for_step(run, 0)
    run.styles = Styles((painting, photo))
    assert run.changes[-1].description == "2 styles"
    assert executor.executions[0].styles is run.styles


def test_styles_that_do_not_fit_are_refused_and_the_run_goes_on(begin, executor, photo, painting):
    run = begin(allow=1)
    with pytest.raises(ValueError, match="other proportions"):
        run.styles = Styles((painting,), torch.ones((1, 1, 10, 40)))
    run.settings = replace(SETTINGS, style_weights=[0, 1])  # of one style
    run.styles = Styles((painting, photo))
    with pytest.raises(ValueError, match="needs a weight above 0"):
        run.settings = replace(SETTINGS, style_weights=[0, 0, 1])
    executor.executions[0].allow(1)
    wait_for_step(run, 1)


def test_of_two_changes_at_once_that_do_not_go_together_one_is_refused(
    begin, executor, photo, painting
):
    run = begin(allow=1)
    run.styles = Styles((painting, photo, photo))
    execution, entered, go_on = executor.executions[0], threading.Event(), threading.Event()
    update = execution.update

    def slow_update(*arguments):
        entered.set()
        assert go_on.wait(20)
        return update(*arguments)

    execution.update, two = slow_update, Styles((painting, photo))
    removal = threading.Thread(target=setattr, args=(run, "styles", two))
    removal.start()
    assert entered.wait(20)
    threading.Timer(0.1, go_on.set).start()
    with pytest.raises(ValueError, match="needs a weight above 0"):
        run.settings = replace(SETTINGS, style_weights=[0, 0, 1])
    removal.join(20)
    assert (run.styles, run.settings) == (two, SETTINGS)


def test_a_change_can_be_refused_by_whoever_began_the_run(begin, executor):
    def refuse(job):
        if job.settings.style_scale > 1:
            raise ValueError("too large")

    run = begin(allow=1, on_change=refuse)
    with pytest.raises(ValueError, match="too large"):
        run.settings = replace(SETTINGS, style_scale=4)
    assert run.settings == executor.executions[0].settings == SETTINGS
    assert not run.changes
    run.settings = replace(SETTINGS, style_scale=0.5)


def test_a_job_that_cannot_be_computed_is_refused_before_it_starts(begin, executor):
    with pytest.raises(ValueError, match="no layer 'relu5_4'"):
        begin(replace(SETTINGS, content_layer="relu5_4"), job={"network": "torchvision-vgg16"})
    assert not executor.executions


def test_an_error_in_a_step_ends_the_run_and_is_told(begin, executor):
    run = begin(allow=3)
    wait_for_step(run, 2)
    executor.executions[0].fail(DivergedError("The run diverged."))
    assert run.join(20)
    assert str(run.error) == "The run diverged."
    assert run.outcome.word == "diverged"


def test_the_step_without_enough_memory_is_named(begin, executor):
    run = begin(allow=3)
    wait_for_step(run, 2)
    executor.executions[0].fail(RuntimeError("not enough memory: you tried to allocate 8 bytes."))
    assert run.join(20)
    assert str(run.error) == (
        "There was not enough memory for step 3 of a picture of 48 x 48 pixels; "
        "choose a smaller size."
    )


def test_a_bug_is_logged_with_its_traceback_and_told_in_one_sentence(begin, executor, caplog):
    run = begin(number=7)
    executor.executions[0].fail(AttributeError("nothing"))
    assert run.join(20)
    assert str(run.error) == "A fault of the program ended the run at step 0."
    assert "Run 7 met a fault of the program." in caplog.text
    assert "AttributeError" in caplog.text


def test_a_run_ends_when_its_time_is_used_up(begin):
    run = begin(budget=Budget(seconds=0.1))
    for _ in run.frames():
        pass
    assert str(run.error) == "The run has used its 0.1 seconds, which is the limit here."


def test_a_run_is_finished_by_its_last_step_however_long_that_took(begin):
    spent = iter([None, Outcome(OUT_OF_TIME)])
    budget = SimpleNamespace(spend=lambda _: next(spent))
    run = begin(replace(SETTINGS, steps=1), allow=2, budget=budget)
    assert run.join(20)
    assert run.outcome.word == "finished"


def test_a_run_that_is_paused_too_long_ends(begin):
    run = begin(budget=Budget(paused=0.1))
    run.pause()
    for _ in run.frames():
        pass
    assert run.outcome.word == "paused too long"


def test_each_frame_is_reported_and_so_is_the_end_whatever_it_is(begin, executor):
    reported = []
    calls = {
        "on_frame": lambda run: reported.append(run.state.step),
        "on_end": lambda run: reported.append(run.outcome.word),
    }
    run = begin(replace(SETTINGS, steps=2), allow=9, **calls)
    assert run.join(20)
    assert reported == [0, 1, 2, "finished"]
    run = begin(**calls)
    executor.executions[1].fail(SystemExit())
    assert run.join(20)
    assert reported == [0, 1, 2, "finished", "fault"]


def test_the_state_that_a_run_continued_from_is_not_held(begin, executor):
    run = begin(allow=3)
    wait_for_step(run, 2)
    state = run.state
    run = begin(job={"state": state})
    assert run.state is state
    executor.executions[1].allow(1)
    wait_for_step(run, 3)
    assert run.state is not state
    assert run._steering.job.state is None


def test_a_change_is_followed_by_steps_enough_for_it_to_be_seen(begin, executor):
    run = begin(replace(SETTINGS, steps=4), allow=3, lasting=Lasting(after_change=5))
    wait_for_step(run, 2)
    run.settings = replace(run.settings, beta=20)
    assert run.settings.steps == 4
    assert run.planned.steps == 7
    run.settings = replace(run.settings, keep_colors=0.5)  # seen without a step
    executor.executions[0].allow(99)
    assert run.join(20)
    assert step(run) == 7
    assert run.outcome.word == "finished"


def test_lowered_steps_are_obeyed_whatever_was_changed_before(begin, executor):
    run = begin(allow=3, lasting=Lasting(after_change=5000))
    wait_for_step(run, 2)
    run.settings = replace(SETTINGS, beta=20)
    run.settings = replace(SETTINGS, beta=20, steps=3)
    executor.executions[0].allow(99)
    assert run.join(20)
    assert step(run) <= 4


def test_a_run_that_settles_ends_before_its_steps_are_made(begin):
    run = begin(allow=5000, lasting=Lasting(settles=True))
    assert run.join(20)
    assert run.outcome.word == "settled"
    assert step(run) < 20  # the picture of the fake does not move


def test_a_change_that_has_not_acted_yet_keeps_a_run_from_settling(begin):
    lasting = Lasting(settles=True)
    first = begin(allow=5000, lasting=lasting)
    assert first.join(20)

    def change(run):
        if step(run) == step(first):  # acts on the next step
            run.settings = replace(SETTINGS, beta=20)

    second = begin(allow=5000, lasting=lasting, on_frame=change)
    assert second.join(20)
    assert second.outcome.word == "settled"
    assert step(second) > step(first)


def test_another_size_or_photo_is_named_and_given_to_the_execution(begin, executor, photo):
    run = begin(allow=1)
    wait_for_step(run, 0)
    run.content = 1 - photo
    assert run.changes[-1].description == "another photo"
    run.content = torch.rand((1, 3, 40, 60))
    assert run.changes[-1].description == "another photo, 60 x 40 pixels"
    executor.executions[0].allow(1)
    wait_for_step(run, 1)
    assert run.frame.picture.shape[-2:] == (40, 60)


def test_no_change_lets_a_run_last_beyond_the_limit(begin, executor):
    run = begin(replace(SETTINGS, steps=3), allow=2, lasting=Lasting(after_change=30, at_most=5))
    wait_for_step(run, 1)
    run.settings = replace(run.settings, beta=20)
    executor.executions[0].allow(99)
    assert run.join(20)
    assert step(run) == 5
