import errno
import os
import time
from dataclasses import replace

import pytest

from style_transfer.engine import State, Styles, resize_clamped, state
from style_transfer.recipe import Recipe
from style_transfer.runs import checkpoint_writer
from style_transfer.runs.checkpoint import Checkpoint, kept_run
from style_transfer.runs.checkpoint_files import EXPIRY_FILE, STATE_FILE
from style_transfer.runs.checkpoint_store import CheckpointStore
from style_transfer.runs.limits import Limits
from tests.runs.conftest import TOKEN, by_name


def files(folder):
    return [file for file in folder.rglob("*") if file.is_file()]


def test_a_run_that_was_removed_leaves_nothing_even_if_it_is_written_once_more(
    tmp_path, store, write_checkpoint, frames
):
    writer = write_checkpoint(store, 2)
    writer.remove()
    writer.write(frames[3].state, [], Recipe())
    assert store.find(TOKEN) is None
    assert not files(tmp_path)


def test_a_full_disk_stops_the_writing_alone_and_the_older_state_stays(
    store, write_checkpoint, frames, monkeypatch, caplog
):
    writer = write_checkpoint(store, 2)
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with monkeypatch.context() as patch:
        patch.setattr(state, "save_file", lambda *_: (_ for _ in ()).throw(full))
        writer.write(frames[3].state, [], Recipe())
        writer.write(frames[3].state, [], Recipe())
    told = "A run goes on, but cannot be kept: No space left on device."
    assert caplog.messages == [told]  # once
    words = "The run goes on, but cannot be kept for later (No space left on device)."
    assert writer.problem == words
    assert Checkpoint.load(writer.folder).state.step == 2
    assert not list(writer.folder.glob("*.part"))
    writer.write(frames[4].state, [], Recipe())
    assert writer.problem == ""
    assert caplog.messages == [told, "A run can be kept again."]
    assert Checkpoint.load(writer.folder).state.step == 4


def test_where_a_state_cannot_be_written_the_run_is_told_of_as_the_older_state_has_it(
    store, write_checkpoint, frames, monkeypatch
):
    writer = write_checkpoint(store, 2)
    monkeypatch.setattr(State, "save", lambda *_: (_ for _ in ()).throw(OSError("full")))
    writer.write(frames[3].state, [], Recipe(), rests=True)
    assert kept_run(writer.folder) == (2, False)
    kept = Checkpoint.load(writer.folder)
    assert (kept.recipe.step, kept.rests) == (2, False)
    monkeypatch.undo()
    writer.write(frames[3].state, [], Recipe(), rests=True)
    assert kept_run(writer.folder) == (3, True)
    kept = Checkpoint.load(writer.folder)
    assert (kept.recipe.step, kept.rests) == (3, True)


def test_a_folder_that_cannot_be_written_stops_the_writing_alone(tmp_path, write_checkpoint):
    (tmp_path / "file").touch()
    writer = write_checkpoint(CheckpointStore(tmp_path / "file" / "kept", Limits()), 2)
    assert writer.problem.startswith("The run goes on, but cannot be kept")
    writer.leave()


def test_changed_styles_are_written_with_the_next_state_and_never_missing(
    store, write_checkpoint, pictures, frames
):
    writer = write_checkpoint(store, 2)
    writer.pictures = by_name((pictures[0], Styles((pictures[0],))))
    assert set(Checkpoint.load(writer.folder).pictures) == set(by_name(pictures))
    writer.write(frames[3].state, [], Recipe())
    written = Checkpoint.load(writer.folder).pictures
    assert set(written) == {"content", "style 1"}
    assert written["style 1"].equal(pictures[0])


@pytest.mark.parametrize(("step", "size"), [(3, 32), (3, 64), (2, 64)])
def test_a_state_that_cannot_be_written_leaves_the_one_before_with_its_pictures(
    store, write_checkpoint, pictures, frames, monkeypatch, step, size
):
    writer = write_checkpoint(store, 2)
    writer.pictures = by_name((1 - resize_clamped(pictures[0], (size, size)), pictures[1]))
    monkeypatch.setattr(State, "save", lambda *_: (_ for _ in ()).throw(OSError("full")))
    image = resize_clamped(frames[step].state.image, (size, size))
    writer.write(replace(frames[step].state, image=image), [], Recipe())
    assert writer.problem
    kept = Checkpoint.load(writer.folder)
    assert kept.state.step == 2
    assert kept.content.equal(pictures[0])
    monkeypatch.undo()
    writer.write(replace(frames[step].state, image=image, memory=(), good=None), [], Recipe())
    assert Checkpoint.load(writer.folder).content.shape[-1] == size
    assert len(list(writer.folder.glob("pictures*"))) == 1


def test_a_large_state_is_written_without_the_optimisers_memory(tmp_path, interrupt):
    whole = Checkpoint.load(interrupt(CheckpointStore(tmp_path, Limits()), 5)).state
    small = CheckpointStore(tmp_path, Limits(disk=1, runs=64))  # 15 kB for each
    bounded = Checkpoint.load(interrupt(small, 5)).state
    assert whole.memory
    assert not bounded.memory
    assert bounded.image.equal(whole.image)


def test_a_state_is_due_before_it_gets_too_old_by_the_end_of_the_next_step(
    store, write_checkpoint, frames, monkeypatch
):
    now = [0.0]
    monkeypatch.setattr(checkpoint_writer.time, "monotonic", lambda: now[0])
    writer = write_checkpoint(store, 1)

    def after(seconds):
        now[0] += seconds
        if due := writer.is_due():
            writer.write(frames[2].state, [], Recipe())
        return due

    assert [after(1) for _ in range(6)] == [False] * 5 + [True]  # at 6 s: 7 after another step
    assert [after(30) for _ in range(3)] == [True] * 3  # long steps: after each of them


def test_a_run_that_its_visitor_left_expires_sooner(tmp_path, write_checkpoint):
    store = CheckpointStore(tmp_path, Limits(kept=1000, left=10))
    writer = write_checkpoint(store, 2)
    written = (writer.folder / STATE_FILE).stat().st_mtime
    writer.leave()
    assert store._expiry(writer.folder) == pytest.approx(time.time() + 10, abs=5)
    assert (writer.folder / STATE_FILE).stat().st_mtime == written
    assert store.find(TOKEN) == writer.folder


def test_who_leaves_a_picture_that_rested_for_a_day_can_come_back_as_well(
    tmp_path, write_checkpoint
):
    store = CheckpointStore(tmp_path, Limits(kept=1000, left=100))
    writer = write_checkpoint(store, 2)
    day_before = time.time() - 86_400
    os.utime(writer.folder / STATE_FILE, (day_before, day_before))
    writer.leave()
    store.sweep()
    assert store.find(TOKEN) == writer.folder


def test_a_run_that_was_given_back_is_not_left_as_well(store, write_checkpoint):
    writer = write_checkpoint(store, 2)
    writer.release()
    writer.leave()  # it may be another's by now
    assert not (writer.folder / EXPIRY_FILE).exists()


def test_where_nobody_may_come_back_a_run_that_was_left_goes_at_once(tmp_path, write_checkpoint):
    writer = write_checkpoint(CheckpointStore(tmp_path, Limits(left=0)), 2)
    writer.leave()
    assert not files(tmp_path)


def test_a_claimed_run_that_was_left_before_a_step_can_be_continued(store, interrupt):
    folder = interrupt(store, 3)
    writer = store.claim(TOKEN)
    writer.load()
    writer.leave()
    assert store.find(TOKEN) == folder
    assert Checkpoint.load(folder).state.step == 3


def test_a_run_that_is_continued_does_not_expire_as_one_that_was_left(
    tmp_path, write_checkpoint, frames
):
    store = CheckpointStore(tmp_path, Limits(kept=1000, left=10))
    write_checkpoint(store, 2).leave()
    writer = store.claim(TOKEN)
    writer.load()
    writer.write(frames[3].state, [], Recipe())
    assert store._expiry(writer.folder) == pytest.approx(time.time() + 1000, abs=5)
