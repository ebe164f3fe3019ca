"""What goes wrong in one run ends it with a sentence; others and the next are not affected."""

import gc
import json
import math
import re
import threading
import time
from dataclasses import replace

import pytest
import torch
from safetensors import safe_open

from style_transfer import devices
from style_transfer.engine import MultiscaleObjective, Styles, save_tensors
from style_transfer.network import load_network
from style_transfer.runs.checkpoint import Checkpoint
from style_transfer.runs.checkpoint_files import STATE_FILE
from style_transfer.runs.executor import Job
from tests import fake_accelerator
from tests.engine.runs import QUICK

SETTINGS = replace(QUICK, style_layers=["relu1_1"], steps=6)
LONG = replace(SETTINGS, steps=5000)


def wait_for(condition, seconds=60):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.fixture
def begin(service, photo, painting):
    begun = []

    def begin(settings=LONG):
        begun.append(service.start(Job(photo, Styles((painting,)), settings)))
        return begun[-1]

    yield begin
    for run in begun:
        run.stop()
        assert run.join(60)


def full(*_):
    """As much memory as no machine has, asked of the allocator itself."""
    torch.empty(2**50, dtype=torch.uint8)


def dead(*_):
    raise SystemExit


def diverged(evaluation):
    return replace(evaluation, losses=dict.fromkeys(evaluation.losses, math.inf))


def made(run):
    return [step for step, _ in run.losses]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (
            full,
            r"There was not enough memory for step \d+ of a picture of 48 x 48 pixels; .*",
        ),
        (dead, r"A fault of the program ended the run at step \d+\."),
        (diverged, r"The run diverged at step \d+: its loss is (inf|nan)\. Smaller weights help\."),
    ],
    ids=["out of memory", "a thread that dies", "diverged"],
)
def test_a_run_that_fails_ends_with_a_sentence_and_the_others_go_on(
    begin, monkeypatch, fault, words
):
    before = begin(SETTINGS)
    assert before.join(60)
    other = begin()
    wait_for(lambda: len(made(other)) >= 2)
    failing = begin(LONG)
    wait_for(lambda: len(made(failing)) >= 2)
    evaluate, its = MultiscaleObjective.evaluate, failing._thread

    def evaluate_or_fail(*arguments):
        found = evaluate(*arguments)
        return fault(found) if threading.current_thread() is its else found

    monkeypatch.setattr(MultiscaleObjective, "evaluate", evaluate_or_fail)
    assert failing.join(60)
    assert re.fullmatch(words, str(failing.error))
    at = len(made(other))
    wait_for(lambda: len(made(other)) >= at + 3)
    assert not other.ended
    assert made(other) == list(range(1, len(made(other)) + 1))
    after = begin(SETTINGS)
    assert after.join(60)
    assert after.frame.picture.equal(before.frame.picture)


@pytest.mark.integration
@pytest.mark.usefixtures("no_garbage")
def test_a_run_for_which_a_device_lacks_memory_ends_and_leaves_the_device_to_others(
    monkeypatch, service, photo, painting
):
    """Nothing of its step stays, so that another run can follow."""
    monkeypatch.setenv(devices.VARIABLE, str(fake_accelerator.DEVICE))

    def features():
        gc.collect()
        alive = list(fake_accelerator.alive)
        return sum(tensor.dim() == 4 and tensor.shape[:2] == (1, 64) for tensor in alive)

    def fail_at_2(run):
        if run.frame.step == 2:
            fake_accelerator.shortage.set()

    job, before = Job(photo, Styles((painting,)), replace(LONG, steps=4)), features()
    try:
        with fake_accelerator.simulated():
            run = service.start(job, on_frame=fail_at_2)
            assert run.join(60)
            fake_accelerator.shortage.clear()
            assert "not enough memory for step 3 of a picture of 48 x 48" in str(run.error)
            assert run.frame.step == 2
            assert features() <= before  # of other tests
            after = service.start(job)
            assert after.join(60)
            assert after.error is None
    finally:
        fake_accelerator.shortage.clear()


MALFORMED = [1]
FASTEST = {"64-64": {"direct": [0, 0]}, "64-64-backward": {"direct": [0, 0]}}  # by far


@pytest.mark.parametrize("timings", [{}, MALFORMED, FASTEST], ids=["none", "malformed", "fastest"])
def test_a_kept_run_with_odd_timings_harms_no_run_after_it(service, interrupt, pictures, timings):
    folder = interrupt(service.checkpoints, 3)
    with safe_open(folder / STATE_FILE, framework="pt") as content:
        tensors = {name: content.get_tensor(name) for name in content.keys()}  # noqa: SIM118
        metadata = content.metadata()
    numbers = json.loads(metadata["numbers"]) | {"timings": timings}
    save_tensors(tensors, folder / STATE_FILE, metadata | {"numbers": json.dumps(numbers)})
    measured = load_network(device="cpu").timings
    before = measured.as_dict()
    if timings is MALFORMED:
        with pytest.raises(ValueError, match=r"^The interrupted run cannot be read any more\.$"):
            Checkpoint.load(folder)
    else:
        kept = Checkpoint.load(folder)
        job = Job(kept.content, kept.styles, kept.recipe.settings, state=kept.state)
        assert ended(service.start(job)) == "finished"
    job = Job(*pictures, replace(SETTINGS, steps=2))
    assert ended(service.start(job)) == "finished"
    after = measured.as_dict()
    assert {key: after[key] for key in before} == before
    assert all((0, 0) not in after[key].values() for key in after.keys() - before.keys())


def ended(run):
    assert run.join(60)
    return run.outcome.word
