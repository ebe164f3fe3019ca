from dataclasses import replace

import pytest
import torch

from style_transfer.engine import Styles, stylize
from style_transfer.recipe import Recipe
from style_transfer.runs import CheckpointStore, Limits, RunService, run
from tests.engine.runs import QUICK
from tests.runs.fake_executor import FakeExecutor

# Change torch and Gradio where they are imported.
collect_ignore = ["zero_gpu_scenarios.py", "zero_gpu_page.py"]

TOKEN = "a" * 64
CHECKPOINT_SETTINGS = replace(QUICK, style_layers=["relu1_1"], steps=6)


@pytest.fixture
def service(tmp_path, monkeypatch, known_costs):
    """A service whose runs are computed by threads of this process.

    The speed of the machine is not measured, and runs go on though nobody watches them.
    """
    monkeypatch.setattr(run, "PATIENCE", 3600.0)
    return RunService(Limits(), tmp_path / "checkpoints")


@pytest.fixture
def fake_service(tmp_path):
    """A service whose runs take no time, and make a step only when the test allows it."""
    return RunService(Limits(), tmp_path / "checkpoints", lambda _: FakeExecutor(allowed=0))


@pytest.fixture
def store(tmp_path):
    return CheckpointStore(tmp_path / "checkpoints", Limits())


@pytest.fixture(scope="session")
def pictures():
    """A content image (1, 3, 32, 32) and two styles with a strength mask."""
    images = torch.rand((3, 3, 32, 32), generator=torch.Generator().manual_seed(5))
    content, *styles = (each.unsqueeze(0) for each in (images * 255).round() / 255)
    mask = torch.linspace(0, 1, 32).expand(1, 1, 32, 32)
    return content, Styles(tuple(styles), strength=mask)


@pytest.fixture(scope="session")
def frames(pictures):
    """The frames of a run of six steps."""
    return list(stylize(*pictures, lambda: CHECKPOINT_SETTINGS))


@pytest.fixture
def write_checkpoint(pictures, frames):
    """A function that writes a checkpoint of a step as a run does; returns its writer."""

    def write(store, step, token=TOKEN):
        writer = store.create(token, by_name(pictures))
        losses = [(number, {"total": 1.0}) for number in range(1, step + 2)]
        writer.write(frames[step].state, losses, Recipe(settings=CHECKPOINT_SETTINGS))
        return writer

    return write


@pytest.fixture
def interrupt(write_checkpoint):
    """A function that writes a checkpoint and ends as a process that dies; returns its folder."""

    def interrupt(store, step, token=TOKEN):
        writer = write_checkpoint(store, step, token)
        writer.release()
        return writer.folder

    return interrupt


def by_name(pictures):
    return {"content": pictures[0]} | pictures[1].as_tensors()
