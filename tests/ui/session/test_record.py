"""A run as the page holds it, while it goes on and after it."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from style_transfer.engine import Frame, State, Styles
from style_transfer.images import keep_colors, open_image, to_tensor
from style_transfer.recipe import Recipe
from style_transfer.runs import Job
from style_transfer.settings import Settings
from style_transfer.ui.http.frames import PREVIEW_SIDE
from style_transfer.ui.session.record import RunRecord
from style_transfer.ui.session.run_inputs import RunInputs
from style_transfer.ui.session.timeline import Timeline
from tests.conftest import smooth_picture

SETTINGS = Settings(steps=3, style_layers=["relu1_1"], content_layer="relu2_1")


@pytest.fixture
def run(service, photo, painting):
    """A run that has made its steps, whose last frame has the optimiser's memory."""
    run = service.start(Job(photo, Styles((painting,)), SETTINGS))
    for _ in run.frames():
        pass
    assert run.state.memory
    return run


@pytest.fixture
def record(tmp_path, run, photo, painting):
    inputs = RunInputs(photo, Styles((painting,)), Path("photo.jpg"), Recipe())
    record = RunRecord("Run 1", inputs, Timeline(tmp_path / "previews"))
    record.follow(run)
    return record


def test_a_record_can_continue_its_own_run_with_the_optimisers_memory(record, run):
    record.add_frame(run.frame)
    assert record.state is run.state


def test_a_detached_record_holds_no_optimiser_memory(record, run):
    record.add_frame(run.frame)
    record.detach()
    assert not record.state.memory
    assert record.state.good is None


@pytest.mark.parametrize("earlier", [0, 1])
def test_a_frame_that_arrives_after_its_record_was_detached_brings_no_memory(record, run, earlier):
    for _ in range(earlier):
        record.add_frame(replace(run.frame, step=2))
    record.detach()
    record.add_frame(run.frame)
    assert record.last_frame.step == 3
    assert not record.state.memory
    assert record.state.good is None
    assert record.previews[-1].step == 3


@pytest.mark.every_device
@pytest.mark.parametrize("seen_from", ["the canvas", "the next frame"])
def test_the_newest_picture_of_a_run_is_recoloured_on_any_device(tmp_path, device, seen_from):
    content, image = smooth_picture(1), smooth_picture(2).to(device)
    inputs = RunInputs(content, Styles((content,)), Path("photo.jpg"), Recipe())
    record = RunRecord("Run 1", inputs, Timeline(tmp_path / "previews"))
    state = State(step=3, stage=0, image=image)
    frame = Frame(3, image, {}, SETTINGS, state, content.to(device), True)
    record.add_frame(frame)
    if seen_from == "the canvas":
        record.recolor(record.previews[-1], 0.5)
    else:
        record.add_frame(frame.with_colors(0.5))
    shown = to_tensor(open_image(record.previews[-1].shown_file))
    expected = keep_colors(smooth_picture(2), content, 0.5)
    assert torch.allclose(shown, expected, atol=0.05)  # JPEG


def test_a_checkpoint_that_is_due_is_written_though_its_record_has_let_go_of_it(record, run):
    written = []

    def is_due():
        record.checkpoint = None
        return True

    record.checkpoint = SimpleNamespace(
        is_due=is_due, write=lambda *state, **_: written.append(state)
    )
    record.write_checkpoint(run)
    assert written[0][0] is run.state


def test_a_record_without_run_and_previews_has_the_settings_of_its_recipe(tmp_path, photo):
    recipe = Recipe(settings=SETTINGS)
    inputs = RunInputs(photo, Styles((photo,)), Path("photo.jpg"), recipe)
    assert RunRecord("Run 1", inputs, Timeline(tmp_path / "previews")).settings == SETTINGS


def test_of_the_newest_picture_a_branch_has_all_pixels(tmp_path):
    large = torch.rand((1, 3, 100, PREVIEW_SIDE + 200))
    inputs = RunInputs(large, Styles((large,)), Path("photo.jpg"), Recipe())
    record = RunRecord("Run 1", inputs, Timeline(tmp_path / "previews"))
    for step in (1, 2):
        record.add_frame(Frame(step, large, {}, SETTINGS, State(step, 0, large), large, True))
    first, newest = record.previews
    assert record.image_of(newest).equal(large)
    assert record.image_of(first).shape[-1] == PREVIEW_SIDE
