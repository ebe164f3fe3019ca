"""What is read from the files of a checkpoint, whatever they hold."""

import json
import os
import pickle
import time

import pytest
import torch
from safetensors.torch import load_file

from style_transfer.engine import State, Stroke, save_tensors, stylize
from style_transfer.runs.checkpoint import Checkpoint, expiry_of, kept_run
from style_transfer.runs.checkpoint_files import (
    EXPIRY_FILE,
    RUN_FILE,
    STATE_FILE,
    write_expiry,
    write_pictures,
)

PICTURES = "pictures-3-0.safetensors"
UNREADABLE = r"^The interrupted run cannot be read any more\.$"


@pytest.fixture
def folder(store, interrupt):
    return interrupt(store, 3)


def edit(folder, **entries):
    """Change entries of run.json; None removes one."""
    about = json.loads((folder / RUN_FILE).read_text()) | entries
    about = {name: value for name, value in about.items() if value is not None}
    (folder / RUN_FILE).write_text(json.dumps(about))


def test_an_interrupted_run_ends_as_if_it_had_never_been_interrupted(folder, frames):
    checkpoint = Checkpoint.load(folder)
    assert checkpoint.recipe.step == 3
    assert [step for step, _ in checkpoint.losses] == [1, 2, 3]  # of step 4 there is no state yet
    settings = checkpoint.recipe.settings
    *_, last = stylize(
        checkpoint.content, checkpoint.styles, lambda: settings, state=checkpoint.state
    )
    if last.image.device.type == "cpu":
        assert last.picture.equal(frames[-1].picture)
    else:
        assert torch.allclose(last.picture, frames[-1].picture, atol=1e-2)


def test_only_data_is_written_and_a_program_in_its_place_is_refused(tmp_path, folder):
    assert {file.suffix for file in folder.iterdir()} == {".json", ".safetensors"}

    class Trap:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "sprung"),)

    for name in (STATE_FILE, PICTURES, RUN_FILE):
        whole = (folder / name).read_bytes()
        (folder / name).write_bytes(pickle.dumps(Trap()))
        with pytest.raises(ValueError, match=UNREADABLE):
            Checkpoint.load(folder)
        (folder / name).write_bytes(whole)
    assert not (tmp_path / "sprung").exists()
    assert Checkpoint.load(folder).state.step == 3


@pytest.mark.parametrize("name", [STATE_FILE, PICTURES, RUN_FILE])
def test_a_file_cut_at_any_length_is_refused_in_one_sentence(folder, name):
    whole = (folder / name).read_bytes()
    for length in range(0, len(whole), len(whole) // 20):
        (folder / name).write_bytes(whole[:length])
        with pytest.raises(ValueError, match=UNREADABLE):
            Checkpoint.load(folder)
        assert name == PICTURES or kept_run(folder) is None


@pytest.mark.parametrize(
    "curve",
    [
        None,
        5,
        "1",
        {"1": {}},
        [5],
        [[1]],
        [[1, 5]],
        [["one", {}]],
        [[-1, {}]],
        [[float("nan"), {}]],
        [[1.5, {}]],
        [[1, {"total": "much"}]],
        [[1, {"total": None}]],
        [[1, {}, 3]],
    ],
    ids=str,
)
def test_losses_that_are_none_are_refused_in_one_sentence(folder, curve):
    edit(folder, curve=curve)
    with pytest.raises(ValueError, match=UNREADABLE):
        Checkpoint.load(folder)


@pytest.mark.parametrize("recipe", [None, 5, [], "{}", "[]", "no json", "[" * 100_000])
def test_a_recipe_that_is_none_is_refused_in_one_sentence(folder, recipe):
    edit(folder, recipe=recipe)
    with pytest.raises(ValueError, match=UNREADABLE):
        Checkpoint.load(folder)
    assert kept_run(folder) is None


@pytest.mark.parametrize("text", ["5", "[]", "null", '"a"', "{}", "[" * 100_000])
def test_a_run_file_of_another_form_is_refused_in_one_sentence(folder, text):
    (folder / RUN_FILE).write_text(text)
    with pytest.raises(ValueError, match=UNREADABLE):
        Checkpoint.load(folder)
    assert kept_run(folder) is None
    assert expiry_of(folder, 60) > time.time()


def bad_states(state):
    """States that no run can continue from, by what is wrong."""
    nothing = torch.full_like(state.image, float("nan"))
    return {
        "negative step": {"step": -1},
        "step in words": {"step": "three"},
        "fractional step": {"step": 1.5},
        "no step": {"step": None},
        "unknown stage": {"stage": 9},
        "negative stage": {"stage": -1},
        "other size": {"image": state.image[..., :20]},
        "no batch": {"image": state.image[0]},
        "image of NaN": {"image": nothing},
        "good image of NaN": {"good": nothing},
        "loss of NaN": {"loss": float("nan")},
        "loss in words": {"loss": "small"},
        "setbacks in words": {"setbacks": "none"},
        "setbacks below 0": {"setbacks": -1},
        "memory of NaN": {"memory": (nothing,)},
        "memory of another optimiser": {"memory": (state.image, state.image, torch.ones(()))},
        "objective in words": {"objective": "gram"},
        "touched of another size": {"touched": torch.ones(1, 1, 5, 7)},
        "touched of NaN": {"touched": nothing[:, :1]},
        "reach of another size": {"reach": torch.ones(1, 1, 5, 7)},
        "reach of colours": {"reach": torch.ones_like(state.image)},
        "limit of NaN": {"touch_limit": float("nan")},
        "limit in words": {"touch_limit": "small"},
    }


@pytest.mark.parametrize("wrong", bad_states(State(1, 0, torch.zeros(1, 3, 32, 32))))
def test_a_state_that_no_run_can_continue_from_is_refused_in_one_sentence(folder, wrong):
    state = State.load(folder / STATE_FILE)
    values = {name: getattr(state, name) for name in state.__dataclass_fields__}
    State(**values | bad_states(state)[wrong]).save(folder / STATE_FILE)
    with pytest.raises(ValueError, match=UNREADABLE):
        Checkpoint.load(folder)


def test_a_state_after_strokes_at_rest_is_read_as_it_was(folder):
    checkpoint = Checkpoint.load(folder)
    strokes = [
        Stroke(kind, ((0.2, 0.5, 1), (0.6, 0.5, 1)), 0.05, number=number, at_rest=True)
        for number, kind in enumerate(("smear", "wipe"), 1)
    ]
    frames = stylize(
        checkpoint.content,
        checkpoint.styles,
        lambda: checkpoint.recipe.settings,
        state=checkpoint.state,
        take_strokes=lambda step: strokes if step == 3 else (),
    )
    state = next(frames).state
    state.save(folder / STATE_FILE)
    found = Checkpoint.load(folder).state
    assert found.touched.equal(state.touched)
    assert found.reach.equal(state.reach)


@pytest.mark.parametrize(
    "change",
    [
        lambda tensors: tensors.pop("content"),
        lambda tensors: tensors.pop("style 1") is tensors.pop("style 2"),
        lambda tensors: tensors.update(content=tensors["content"][0]),
        lambda tensors: tensors.update(content=torch.full((1, 3, 32, 32), float("nan"))),
        lambda tensors: tensors.update(content=torch.zeros((1, 3, 0, 0))),
        lambda tensors: tensors.update(strength=torch.zeros((1, 1, 8, 64))),
        lambda tensors: tensors.update(strength=torch.full((1, 1, 32, 32), 2.0)),
        lambda tensors: tensors.update({"style 1": torch.zeros((3, 32, 32))}),
        lambda tensors: tensors.update({"style 1": torch.full((1, 3, 32, 32), float("nan"))}),
    ],
    ids=["no content", "no style", "3-D", "NaN", "empty", "other proportions", "2", "style", "nan"],
)
def test_pictures_that_no_run_can_have_are_refused_in_one_sentence(folder, change):
    tensors = load_file(folder / PICTURES)
    change(tensors)
    save_tensors(tensors, folder / PICTURES, {})
    with pytest.raises(ValueError, match=UNREADABLE):
        Checkpoint.load(folder)


def test_a_checkpoint_expires_a_lifetime_after_its_state_or_at_the_time_written_in_it(folder):
    os.utime(folder / STATE_FILE, (1000, 1000))
    assert expiry_of(folder, 60) == 1060
    write_expiry(folder, 1010.0)
    assert expiry_of(folder, 60) == 1010
    for nonsense in ('"soon"', "NaN", "Infinity", "null", "[]", "1" * 400):
        (folder / EXPIRY_FILE).write_text(f'{{"expires": {nonsense}}}')
        assert expiry_of(folder, 60) == 1060
    (folder / EXPIRY_FILE).write_text("[" * 100_000)
    assert expiry_of(folder, 60) == 1060
    (folder / STATE_FILE).unlink()
    assert expiry_of(folder, 60) == 0


def test_a_run_that_was_left_expires_a_lifetime_after_that_at_the_latest(folder):
    os.utime(folder / STATE_FILE, (1000, 1000))
    write_expiry(folder, 9000.0)
    os.utime(folder / EXPIRY_FILE, (5000, 5000))
    assert expiry_of(folder, 60) == 5060
    assert expiry_of(folder, 10_000) == 9000


def test_a_checkpoint_of_an_earlier_version_is_read(folder):
    (folder / PICTURES).rename(folder / "pictures.safetensors")
    assert Checkpoint.load(folder).state.step == 3


def test_the_opacity_of_the_photo_is_kept(folder):
    checkpoint = Checkpoint.load(folder)
    assert checkpoint.opacity is None
    opacity = torch.rand(1, 1, 32, 32)
    write_pictures(folder, checkpoint.pictures | {"opacity": opacity}, 3)
    found = Checkpoint.load(folder)
    assert found.opacity.equal(opacity)
    assert found.pictures.keys() == {*checkpoint.pictures, "opacity"}
