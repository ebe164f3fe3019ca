"""The network's backends, timings and threads in whole runs on the CPU."""

import logging
import os
import subprocess
import sys
import threading
from dataclasses import replace
from itertools import count

import pytest
import torch

from style_transfer.engine.optimize import stylize
from style_transfer.engine.state import State
from style_transfer.network import BACKENDS, VGG, BackendSet, TimingCache
from tests.engine.runs import QUICK, run

# Faster than anything by far, as another machine may have measured it.
TORCH_FASTEST = {"64-64": {"direct": (0.0, 0.0)}, "64-64-backward": {"direct": (0.0, 0.0)}}


def test_a_resumed_run_takes_the_backends_of_its_timings_and_leaves_other_runs_theirs(
    photo, painting
):
    network = VGG()
    whole = run(photo, painting, network=network)
    measured = network.timings.as_dict()
    saved = TimingCache.from_dict(TORCH_FASTEST)
    state = replace(whole[3].state, timings=saved)
    resumed = run(photo, painting, network=network, state=state)
    own = resumed[-1].state.timings.as_dict()
    assert {key: own[key] for key in saved.as_dict()} == saved.as_dict()
    assert network.timings.as_dict() == measured
    assert all(frame.state.timings.as_dict() == measured for frame in whole)


def test_a_shape_measured_since_a_state_was_loaded_is_in_the_next_state(photo, painting, tmp_path):
    network = VGG()
    shallow = replace(QUICK, content_layer="relu1_2", style_layers={"relu1_2": 1.0})
    run(photo, painting, shallow, network=network)[2].state.save(tmp_path / "run.state")
    state = State.load(tmp_path / "run.state")
    before = state.timings.as_dict()
    # A new process, and then deeper layers: the shapes after the first block are measured.
    for frame in stylize(photo, painting, lambda: QUICK, network=VGG(), state=state):
        frame.state.save(tmp_path / "run.state")
    after = State.load(tmp_path / "run.state").timings.as_dict()
    assert before.items() <= after.items()
    assert after.keys() > before.keys()


class Failing(BACKENDS["winograd"]):
    """Fails in the middle of a run, after it was measured and found to be the fastest."""

    calls = count()

    def backward(self, gradient, mask, share=1.0):
        if next(self.calls) > 5:
            raise RuntimeError("mkldnn::gone")
        return super().backward(gradient, mask)


def test_a_picture_is_made_though_a_backend_fails_in_the_middle(photo, painting, caplog):
    network = VGG(backends=BackendSet(BACKENDS | {"winograd": Failing}))
    timings = {"64-64-backward": {"winograd": (0.0, 0.0), "torch": (1.0, 0.0)}}
    network = network.with_timings(TimingCache.from_dict(timings))
    frames = run(photo, painting, network=network)
    assert [frame.step for frame in frames] == list(range(9))
    assert frames[-1].losses["total"] < frames[1].losses["total"]
    (record,) = [each for each in caplog.records if each.levelno >= logging.WARNING]
    assert "winograd" in record.getMessage()


def test_no_thread_is_left_when_a_run_has_ended_or_waits(photo, painting):
    before, threads = threading.enumerate(), torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        for _ in stylize(photo, painting, lambda: QUICK):
            assert threading.enumerate() == before
            assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)


IN_A_FRESH_PROCESS = """
import threading
import numpy, scipy.linalg.cython_blas, torch
from threadpoolctl import threadpool_info

def counts():
    found = []
    thread = threading.Thread(target=lambda: found.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    blas = [each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"]
    return blas, torch.get_num_threads(), found, threading.enumerate()

before = counts()
from style_transfer.engine import stylize
from style_transfer.settings import Settings
assert counts() == before, counts()
settings = Settings(content_layer="relu2_1", style_layers=["relu2_1"], steps=2)
for frame in stylize(torch.rand(1, 3, 64, 96), torch.rand(1, 3, 64, 96), lambda: settings):
    assert counts() == before, counts()
assert counts() == before, counts()
"""


@pytest.mark.integration
def test_a_callers_threads_and_blas_are_as_they_were_between_steps():
    environment = os.environ | {"OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2"}
    subprocess.run([sys.executable, "-c", IN_A_FRESH_PROCESS], env=environment, check=True)
