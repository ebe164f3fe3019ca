"""Runs that are continued from a saved state."""

import pickle
import subprocess
import sys
from dataclasses import replace

import pytest
import torch

from style_transfer.engine.optimize import INITS
from style_transfer.engine.optimizers import OPTIMIZERS
from style_transfer.engine.state import State
from tests.comparison import same_frames
from tests.engine.runs import QUICK, every_init, every_optimizer, run

TWO_STAGES = replace(QUICK, steps=6)  # of `tall_photo`: 4 steps and 2


def interrupt_at_every_step(photo, painting, file, **options):
    """Make a run, and each part of it anew from the state before; they are to be the same."""
    whole = run(photo, painting, TWO_STAGES, **options)
    assert [frame.image.shape[-2] for frame in whole] == [96] * 4 + [192] * 3
    for frame in whole:
        frame.state.save(file)
        rest = run(photo, painting, TWO_STAGES, **options, state=State.load(file))
        assert same_frames(rest, whole[frame.step + 1 :])


@pytest.mark.integration
@every_optimizer
@every_init
def test_a_run_interrupted_at_any_step_ends_as_if_it_had_not_been(
    tall_photo, painting, init, optimizer, tmp_path
):
    file = tmp_path / "run.state"
    interrupt_at_every_step(tall_photo, painting, file, init=init, optimizer=optimizer)


@pytest.mark.integration
@pytest.mark.every_device
@every_optimizer
def test_so_does_one_on_every_device(tall_photo, painting, optimizer, tmp_path):
    interrupt_at_every_step(tall_photo, painting, tmp_path / "run.state", optimizer=optimizer)


@pytest.mark.integration
@pytest.mark.every_device
def test_a_run_with_motifs_ends_as_if_it_had_not_been_interrupted(tall_photo, painting, tmp_path):
    settings = replace(TWO_STAGES, motifs=0.5, steps=10)
    whole = run(tall_photo, painting, settings)
    for frame in whole[5::4]:  # in both stages
        assert frame.state.matches
        frame.state.save(tmp_path / "run.state")
        rest = run(tall_photo, painting, settings, state=State.load(tmp_path / "run.state"))
        assert same_frames(rest, whole[frame.step + 1 :])


CONTINUE = """
import pickle, sys
from pathlib import Path
import torch
from style_transfer.engine.optimize import stylize
from style_transfer.engine.state import State
from style_transfer.network import VGG

torch.set_num_threads(1)
network = VGG()  # on the CPU, where results are the same bit for bit
folder = Path(sys.argv[1])
photo, painting, settings = pickle.loads((folder / "arguments").read_bytes())
for file in folder.glob("*.state"):
    init, optimizer = file.stem.split("-")
    state = State.load(file)
    for frame in stylize(
        photo, painting, lambda: settings,
        network=network, init=init, optimizer=optimizer, state=state,
    ):
        pass
    frame.state.save(file)
"""


@pytest.mark.integration
def test_a_run_can_be_continued_in_a_new_process(tall_photo, painting, tmp_path):
    (tmp_path / "arguments").write_bytes(pickle.dumps((tall_photo, painting, TWO_STAGES)))
    last = {}
    for init in INITS:
        for optimizer in OPTIMIZERS:
            frames = run(tall_photo, painting, TWO_STAGES, init=init, optimizer=optimizer)
            frames[3].state.save(tmp_path / f"{init}-{optimizer}.state")
            last[f"{init}-{optimizer}"] = frames[-1].image
    subprocess.run([sys.executable, "-c", CONTINUE, str(tmp_path)], check=True)
    for name, image in last.items():
        state = State.load(tmp_path / f"{name}.state")
        assert state.step == TWO_STAGES.steps
        apart = (state.image - image).abs().max().item()
        assert apart == 0, (name, apart, sorted(state.timings.as_dict()), torch.get_num_threads())


def test_a_finished_run_can_be_prolonged(photo, painting):
    state = run(photo, painting, replace(QUICK, steps=5))[-1].state
    assert same_frames(run(photo, painting, state=state), run(photo, painting)[6:])


@every_optimizer
def test_a_state_of_another_optimizer_is_refused(photo, painting, optimizer):
    (other,) = OPTIMIZERS.keys() - {optimizer}
    state = run(photo, painting, QUICK, optimizer=other)[2].state
    with pytest.raises(ValueError, match=f"another optimizer than {optimizer}"):
        run(photo, painting, QUICK, optimizer=optimizer, state=state)
    begun = run(photo, painting, QUICK, optimizer=optimizer, state=state.without_memory())
    assert begun[-1].step == QUICK.steps
