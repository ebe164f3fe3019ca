import errno
import json
import os
import pickle
import time

import pytest
import torch

from style_transfer.engine import Styles, state, stylize
from style_transfer.recipe import Recipe
from style_transfer.runs import checkpoints
from style_transfer.runs.checkpoints import Keeper, find, load, new_folder, step_of, sweep
from style_transfer.runs.limits import Limits
from style_transfer.settings import Settings

TOKEN, ANOTHER = "a" * 64, "b" * 64
SETTINGS = Settings(style_layers=["relu1_1"], content_layer="relu2_1", steps=6)
STATE = "state.safetensors"


@pytest.fixture(autouse=True)
def kept_here(tmp_path, monkeypatch):
    monkeypatch.setenv("STYLE_TRANSFER_KEPT_FOLDER", str(tmp_path))


@pytest.fixture
def limit(monkeypatch):
    """A function that sets limits."""
    return lambda **named: monkeypatch.setattr(checkpoints, "limits", lambda: Limits(**named))


@pytest.fixture(scope="module")
def pictures():
    blobs = torch.rand((3, 3, 32, 32), generator=torch.Generator().manual_seed(5))
    photo, *paintings = (each.unsqueeze(0) for each in (blobs * 255).round() / 255)
    mask = torch.linspace(0, 1, 32).expand(1, 1, 32, 32)
    return photo, Styles(tuple(paintings), strength=mask)


@pytest.fixture(scope="module")
def frames(pictures):
    return list(stylize(*pictures, lambda: SETTINGS))


def by_name(pictures):
    return {"content": pictures[0]} | pictures[1].as_tensors()


def keep(pictures, frame, token=TOKEN):
    """Keep one state as a run does."""
    keeper = Keeper(new_folder(token), by_name(pictures))
    curve = [(step, {"total": 1.0}) for step in range(1, frame.step + 2)]
    keeper.keep(frame, curve, Recipe(settings=SETTINGS))
    return keeper


def cut_off(pictures, frame, token=TOKEN):
    """Keep one state, and let the process of its run end."""
    keeper = keep(pictures, frame, token)
    checkpoints._in_use.discard(keeper.folder)
    return keeper.folder


def test_a_run_that_was_cut_off_ends_as_if_it_had_never_been(pictures, frames):
    kept = load(cut_off(pictures, frames[3]))
    assert kept.recipe.step == 3
    assert [step for step, _ in kept.curve] == [1, 2, 3]  # what was ahead of the state is left out
    styles = Styles.from_tensors(kept.pictures)
    *_, last = stylize(
        kept.pictures["content"], styles, lambda: kept.recipe.settings, state=kept.state
    )
    assert last.picture.equal(frames[-1].picture)


def test_a_run_is_found_by_the_token_of_its_visitor_alone(pictures, frames):
    folder = cut_off(pictures, frames[2])
    assert find(TOKEN) == folder
    assert step_of(folder) == 2
    assert find(ANOTHER) is None
    for nonsense in (None, "", 5, "a" * 31, "../" * 20, ["a" * 64], "\ud800" * 40, "a" * 10**6):
        assert find(nonsense) is None
    assert TOKEN not in str(folder)


def test_a_token_cannot_lead_out_of_the_folder(tmp_path):
    assert new_folder("../" * 20 + "etc").is_relative_to(tmp_path)
    assert ".." not in str(new_folder("../" * 20 + "etc"))


def test_a_run_that_goes_on_is_not_offered(pictures, frames):
    keeper = keep(pictures, frames[2])
    assert find(TOKEN) is None
    keeper.leave()
    assert find(TOKEN) == keeper.folder


def test_a_run_that_ended_leaves_nothing_even_if_it_is_kept_once_more(tmp_path, pictures, frames):
    keeper = keep(pictures, frames[2])
    keeper.remove()
    keeper.keep(frames[3], [], Recipe())
    assert find(TOKEN) is None
    assert not [file for file in tmp_path.rglob("*") if file.is_file()]


def test_a_full_disk_stops_the_keeping_alone_and_the_older_state_stays(
    pictures, frames, monkeypatch
):
    keeper = keep(pictures, frames[2])
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with monkeypatch.context() as patch:
        patch.setattr(state, "save_file", lambda *_: (_ for _ in ()).throw(full))
        keeper.keep(frames[3], [], Recipe())
    told = "The run goes on, but cannot be kept for later (No space left on device)."
    assert keeper.trouble == told
    assert load(keeper.folder).state.step == 2
    assert not list(keeper.folder.glob("*.part"))
    keeper.keep(frames[4], [], Recipe())
    assert keeper.trouble == ""
    assert load(keeper.folder).state.step == 4


def test_a_folder_that_cannot_be_written_stops_the_keeping_alone(
    tmp_path, pictures, frames, monkeypatch
):
    (tmp_path / "file").touch()
    monkeypatch.setenv("STYLE_TRANSFER_KEPT_FOLDER", str(tmp_path / "file" / "kept"))
    assert keep(pictures, frames[2]).trouble.startswith("The run goes on, but cannot be kept")


def test_changed_styles_are_kept_with_the_next_state_and_never_missing(pictures, frames):
    keeper = keep(pictures, frames[2])
    other = pictures[0], Styles((pictures[0],))
    keeper.change(by_name(other))
    assert set(load(keeper.folder).pictures) == set(by_name(pictures))
    keeper.keep(frames[3], [], Recipe())
    kept = load(keeper.folder).pictures
    assert set(kept) == {"content", "style 1"}
    assert kept["style 1"].equal(pictures[0])


def test_only_data_is_kept_and_a_program_in_its_place_is_refused(tmp_path, pictures, frames):
    folder = cut_off(pictures, frames[2])
    assert {file.suffix for file in folder.iterdir()} == {".json", ".safetensors"}
    json.loads((folder / "run.json").read_text())

    class Trap:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "sprung"),)

    for name in (STATE, "pictures.safetensors", "run.json"):
        whole = (folder / name).read_bytes()
        (folder / name).write_bytes(pickle.dumps(Trap()))
        with pytest.raises(ValueError, match=r"cannot be read any more\.$"):
            load(folder)
        (folder / name).write_bytes(whole)
    assert not (tmp_path / "sprung").exists()
    assert load(folder).state.step == 2


def test_a_state_with_every_byte_count_cut_is_refused_in_one_sentence(pictures, frames):
    folder = cut_off(pictures, frames[2])
    whole = (folder / STATE).read_bytes()
    for length in range(0, len(whole), len(whole) // 40):
        (folder / STATE).write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"cannot be read any more\.$"):
            load(folder)


def test_a_large_state_is_kept_without_the_memory_of_its_optimiser(pictures, frames, limit):
    whole = load(cut_off(pictures, frames[5])).state
    limit(disk=1, runs=64)  # 15 kB for each
    bounded = load(cut_off(pictures, frames[5])).state
    assert whole.memory
    assert not bounded.memory
    assert bounded.image.equal(whole.image)


def test_the_oldest_runs_go_where_all_together_take_too_much_room(pictures, frames, limit):
    folders = [cut_off(pictures, frames[5], token * 32) for token in "abcdef"]
    for age, folder in enumerate(folders):
        os.utime(folder / STATE, (time.time() - age,) * 2)
    size = sum(file.stat().st_size for file in folders[0].iterdir())
    assert 100_000 < size < 1_000_000
    limit(disk=1)
    sweep()
    left = [folder.exists() for folder in folders]
    assert left == sorted(left, reverse=True)
    assert sum(left) == min(6, 1_000_000 // size)


def test_a_run_goes_after_its_time_sooner_where_its_visitor_left(pictures, frames, limit):
    limit(kept=1000, left=10)
    keeper = keep(pictures, frames[2])
    keeper.leave()
    at = (keeper.folder / STATE).stat().st_mtime
    assert time.time() - at == pytest.approx(990, abs=9)
    os.utime(keeper.folder / STATE, (at - 20,) * 2)
    assert find(TOKEN) is None
    sweep()
    assert not keeper.folder.parent.exists()


def test_a_state_is_due_before_it_gets_too_old_by_the_end_of_the_next_step(
    pictures, frames, monkeypatch
):
    now = [0.0]
    monkeypatch.setattr(checkpoints.time, "monotonic", lambda: now[0])
    keeper = keep(pictures, frames[1])

    def after(seconds):
        now[0] += seconds
        if due := keeper.is_due():
            keeper.keep(frames[2], [], Recipe())
        return due

    assert [after(1) for _ in range(6)] == [False] * 5 + [True]  # at 6 s: 7 after another step
    assert [after(30) for _ in range(3)] == [True] * 3  # long steps: after each of them
    keeper.remove()
