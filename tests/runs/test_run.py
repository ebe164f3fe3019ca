import re
import time
from dataclasses import replace

import pytest
import torch

from style_transfer.engine import DivergedError, Styles
from style_transfer.network.vgg import LAYERS
from style_transfer.runs import broadcast
from style_transfer.runs import run as module
from style_transfer.runs.outcome import Budget
from style_transfer.runs.run import Run
from style_transfer.settings import Settings

LONG = Settings(steps=5000, style_layers=["relu1_1"], content_layer="relu2_1")
SHORT = replace(LONG, steps=120)


def wait_for(condition, seconds=20):
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        time.sleep(0.01)
    assert condition()


@pytest.fixture
def begin(photo, painting):
    """A function that begins a run; all of them end with the test."""
    begun = []

    def begin(settings=LONG, **options):
        begun.append(Run(photo, painting, settings, **options))
        return begun[-1]

    yield begin
    for run in begun:
        run.stop()
        assert run.join(20)


def steps(run):
    return run.frame.step if run.frame else -1


def test_a_run_makes_its_steps_and_ends(begin):
    run = begin(Settings(steps=3, style_layers=["relu1_1"]))
    seen = [frame.step for frame in run.frames() if frame]
    assert seen == sorted(set(seen)) or seen[-1] == 3
    assert run.frame.step == 3
    assert run.ended
    assert run.join(20)
    assert run.seconds_left == 0


def test_a_moved_knob_acts_from_the_step_that_the_run_names(begin):
    run = begin()
    wait_for(lambda: steps(run) >= 2)
    run.settings = Settings(**LONG.as_dict() | {"beta": 20})
    (change,) = run.changes
    assert change.words == "beta 5 to 20"
    first = next(frame for frame in run.frames() if frame and frame.settings.beta == 20)
    assert first.step >= change.step
    run.stop()


def test_frames_made_before_a_change_have_the_settings_before_it(begin, monkeypatch):
    run = begin()
    published = []
    keep = run._publish
    monkeypatch.setattr(
        run, "_publish", lambda frame, *rest: (published.append(frame), keep(frame, *rest))
    )
    wait_for(lambda: steps(run) >= 2)
    run.settings = Settings(**LONG.as_dict() | {"beta": 20})
    step = run.changes[0].step
    wait_for(lambda: steps(run) >= step + 2)
    assert all((frame.settings.beta == 20) == (frame.step >= step) for frame in published)


def test_a_dragged_slider_leaves_one_change_for_each_step(begin):
    run = begin()
    run.pause()
    time.sleep(0.5)  # the step under way
    for beta in (6, 7, 8):
        run.settings = Settings(**LONG.as_dict() | {"beta": beta})
    assert [change.words for change in run.changes] == ["beta 5 to 8"]
    run.settings = LONG
    assert run.changes == []


def test_a_paused_run_makes_no_step_and_goes_on_when_resumed(begin):
    run = begin()
    wait_for(lambda: steps(run) >= 1)
    run.pause()
    time.sleep(0.5)
    at = steps(run)
    time.sleep(0.5)
    assert steps(run) == at
    assert run.paused
    run.resume()
    wait_for(lambda: steps(run) > at)


def test_a_pause_changes_nothing_of_what_is_made(begin):
    unpaused = begin(SHORT)
    paused = begin(SHORT)
    wait_for(lambda: steps(paused) >= 1)
    paused.pause()
    time.sleep(0.2)
    assert paused.paused
    assert steps(paused) < SHORT.steps
    paused.resume()
    for run in (unpaused, paused):
        for _ in run.frames():
            pass
    assert paused.history == unpaused.history  # to the last bit
    assert torch.equal(paused.frame.picture, unpaused.frame.picture)


def test_stop_ends_a_running_and_a_paused_run(begin):
    for prepare in (lambda run: None, Run.pause):
        run = begin()
        prepare(run)
        run.stop()
        assert run.join(20)
        assert run.ended


def test_a_run_that_nobody_watches_ends_by_itself(begin, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 0.5)
    run = begin()
    run.pause()
    assert run.join(20)


def test_a_watcher_hears_of_a_paused_run_every_heartbeat(begin, monkeypatch):
    monkeypatch.setattr(broadcast, "HEARTBEAT", 0.1)
    run = begin()
    run.pause()
    frames = run.frames()
    began = time.monotonic()
    for _ in range(10):
        next(frames)
    assert time.monotonic() - began < 20


def test_a_slow_watcher_gets_the_newest_frame(begin):
    run = begin()
    frames = run.frames()
    wait_for(lambda: steps(run) >= 3)
    assert next(frames).step >= 3


def test_raising_the_steps_of_a_run_prolongs_it(begin):
    run = begin(Settings(**LONG.as_dict() | {"steps": 50}))
    run.settings = Settings(**LONG.as_dict() | {"steps": 60})
    for _ in run.frames():
        pass
    assert run.frame.step == 60


def test_a_layer_that_the_network_lacks_is_refused_and_the_run_goes_on(begin, monkeypatch):
    run = begin()
    monkeypatch.setattr(run.network, "layers", LAYERS[:-1])
    with pytest.raises(ValueError, match="no layer 'relu5_4'"):
        run.settings = Settings(style_layers=["relu5_4"])
    assert run.settings == LONG
    at = steps(run)
    wait_for(lambda: steps(run) > at)


def test_an_error_in_a_step_ends_the_run_and_is_kept(begin, monkeypatch):
    def diverge(*_, **__):
        raise DivergedError("The run diverged.")
        yield

    monkeypatch.setattr(module, "stylize", diverge)
    run = begin()
    assert run.join(20)
    assert str(run.error) == "The run diverged."


def test_no_memory_ends_one_run_and_the_other_goes_on(begin, monkeypatch):
    other = begin()
    wait_for(lambda: steps(other) >= 1)

    def full(*_):
        raise RuntimeError("not enough memory: you tried to allocate 8589934592 bytes.")

    run = begin()
    wait_for(lambda: steps(run) >= 1)
    monkeypatch.setattr(run, "_publish", full)
    assert run.join(20)
    assert re.fullmatch(r"There was not enough memory for step \d+; .*\.", str(run.error))
    at = steps(other)
    wait_for(lambda: steps(other) >= at + 3)


def test_a_fault_is_logged_with_its_traceback_and_told_in_one_sentence(begin, monkeypatch, caplog):
    monkeypatch.setattr(module, "stylize", lambda *_, **__: iter([None.nothing]))
    run = begin()
    assert run.join(20)
    assert str(run.error) == "A fault of the program ended the run at step 0."
    assert "AttributeError" in caplog.text


def test_a_run_ends_when_its_time_is_used_up_and_the_log_says_so(begin, caplog):
    caplog.set_level("INFO")
    run = begin(budget=Budget(seconds=1))
    for _ in run.frames():
        pass
    assert run.join(20)
    assert str(run.error) == "The run has used its 1 seconds, which is the limit here."
    assert re.search(r"Run \d+ begins: 48 x 48, 5000 steps\.", caplog.text)
    assert re.search(r"ends after \d+\.\d s: 48 x 48, step \d+, out of time\.", caplog.text)


def test_a_run_that_rests_too_long_ends(begin):
    run = begin(budget=Budget(paused=0.5))
    run.pause()
    for _ in run.frames():
        pass
    assert run.ending.word == "paused too long"


def test_two_runs_share_the_device_evenly(begin):
    first, second = begin(), begin()
    wait_for(lambda: steps(first) >= 5 and steps(second) >= 5, 60)
    at = steps(first), steps(second)
    wait_for(lambda: steps(first) >= at[0] + 20, 60)
    assert abs((steps(second) - at[1]) - (steps(first) - at[0])) <= 2


def test_kept_colours_are_seen_without_another_step(begin):
    run = begin()
    wait_for(lambda: steps(run) >= 2)
    run.pause()
    time.sleep(0.3)
    step, before = run.frame.step, run.frame.picture
    run.settings = replace(LONG, keep_colors=1.0)
    assert run.frame.step == step
    assert run.frame.settings.keep_colors == 1
    assert not run.frame.picture.equal(before)
    assert next(iter(run.frames())).settings.keep_colors == 1
    run.resume()
    wait_for(lambda: steps(run) >= step + 2)
    assert len(run.frame.state.memory) > 2  # the optimiser's memory was kept
    assert run.frame.settings.keep_colors == 1


def test_styles_can_be_replaced_during_a_run(begin, photo, painting):
    run = begin()
    wait_for(lambda: steps(run) >= 2)
    run.styles = Styles((painting, photo))
    run.settings = replace(LONG, style_weights=[1, 0.5])
    assert run.changes[-1].words.startswith("2 styles")
    wait_for(lambda: "style 2" in run.frame.losses)
    run.styles = Styles((painting,))
    wait_for(lambda: "style 2" not in run.frame.losses)


def test_styles_that_do_not_fit_are_refused_and_the_run_goes_on(begin, photo, painting):
    run = begin()
    with pytest.raises(ValueError, match="other proportions"):
        run.styles = Styles((painting,), torch.ones((1, 1, 10, 40)))
    run.settings = replace(LONG, style_weights=[0, 1])  # of one style
    with pytest.raises(ValueError, match="needs a weight above 0"):
        run.settings, run.styles = replace(LONG, style_weights=[0, 0, 1]), Styles((painting, photo))
    at = steps(run)
    wait_for(lambda: steps(run) > at + 1)
