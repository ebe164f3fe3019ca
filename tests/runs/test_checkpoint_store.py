import errno
import os
import subprocess
import sys
import threading
import time
from itertools import accumulate

import pytest

from style_transfer.engine import State
from style_transfer.recipe import Recipe
from style_transfer.runs import checkpoint_store
from style_transfer.runs.checkpoint import Checkpoint, kept_run
from style_transfer.runs.checkpoint_files import STATE_FILE
from style_transfer.runs.checkpoint_lock import CheckpointLock
from style_transfer.runs.checkpoint_store import CheckpointStore
from style_transfer.runs.limits import Limits
from tests.runs.conftest import TOKEN

ANOTHER = "b" * 64


def files(folder):
    return [file for file in folder.rglob("*") if file.is_file()]


def test_a_folder_in_which_nothing_can_be_kept_is_told_beforehand(tmp_path):
    assert CheckpointStore(tmp_path / "kept", Limits()).problem() == ""
    (tmp_path / "file").touch()
    store = CheckpointStore(tmp_path / "file", Limits())
    assert store.problem() == f"No run can be kept in {tmp_path / 'file'}: File exists."
    assert CheckpointStore(tmp_path / "file", Limits(disk=0)).problem() == ""


def test_a_run_is_found_by_the_token_of_its_visitor_alone(store, interrupt):
    folder = interrupt(store, 2)
    assert store.find(TOKEN) == folder
    assert kept_run(folder) == (2, False)
    assert store.find(ANOTHER) is None
    for nonsense in (None, "", 5, "a" * 31, "../" * 20, ["a" * 64], "\ud800" * 40, "a" * 10**6):
        assert store.find(nonsense) is None
        assert store.claim(nonsense) is None
    assert TOKEN not in str(folder)


def test_a_token_cannot_lead_out_of_the_folder(store, tmp_path):
    folder = store.create("../" * 20 + "etc", {}).folder
    assert folder.is_relative_to(tmp_path)
    assert ".." not in str(folder)


def test_the_newest_of_several_runs_is_found(store, interrupt):
    folders = [interrupt(store, 2) for _ in range(3)]
    for age, folder in enumerate(folders):
        os.utime(folder / STATE_FILE, (time.time() - 60 * age,) * 2)
    assert store.find(TOKEN) == folders[0]
    assert store.claim(TOKEN).folder == folders[0]
    assert store.claim(TOKEN).folder == folders[1]


def test_a_run_that_goes_on_is_not_offered(store, write_checkpoint):
    writer = write_checkpoint(store, 2)
    assert store.find(TOKEN) is None
    assert store.claim(TOKEN) is None
    writer.leave()
    assert store.find(TOKEN) == writer.folder


def test_a_run_is_claimed_once_by_whichever_of_many_comes_first(store, interrupt):
    interrupt(store, 2)
    together, claims = threading.Barrier(8), []

    def claim():
        together.wait()
        claims.append(store.claim(TOKEN))

    threads = [threading.Thread(target=claim) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(claim is not None for claim in claims) == 1


def test_another_process_neither_claims_nor_removes_a_run_that_goes_on(tmp_path, interrupt):
    one, other = (CheckpointStore(tmp_path, Limits()) for _ in range(2))
    folder = interrupt(one, 2)
    claim = one.claim(TOKEN)
    assert other.find(TOKEN) is None
    assert other.claim(TOKEN) is None
    os.utime(folder / STATE_FILE, (0, 0))  # long expired
    other.sweep()
    assert Checkpoint.load(folder).state.step == 2
    claim.release()
    other.sweep()
    assert not folder.exists()


def test_a_claim_that_is_given_back_can_be_claimed_again(store, interrupt):
    folder = interrupt(store, 2)
    claim = store.claim(TOKEN)
    assert store.find(TOKEN) is None
    claim.release()
    assert store.claim(TOKEN).folder == folder


CLAIM = """
import sys, time
from pathlib import Path
from style_transfer.runs import CheckpointStore, Limits
claim = CheckpointStore(Path(sys.argv[1]), Limits()).claim("a" * 64)
print(claim is not None, flush=True)
time.sleep(600)
"""


@pytest.mark.integration
def test_a_process_that_dies_gives_its_runs_back(tmp_path, interrupt):
    store = CheckpointStore(tmp_path, Limits())
    folder = interrupt(store, 2)
    command = [sys.executable, "-c", CLAIM, str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "True\n"
        assert store.find(TOKEN) is None
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    assert store.claim(TOKEN).folder == folder


def test_where_there_are_no_locks_one_process_still_claims_a_run_once(
    store, interrupt, monkeypatch
):
    def refuse(*_):
        raise OSError(errno.ENOLCK, "no locks here")

    monkeypatch.setattr(CheckpointLock, "__init__", refuse)
    folder = interrupt(store, 2)
    assert store.find(TOKEN) == folder
    claim = store.claim(TOKEN)
    assert store.claim(TOKEN) is None
    claim.release()
    assert store.claim(TOKEN) is not None


def test_a_claimed_run_is_written_to_the_same_folder(store, interrupt, frames):
    interrupt(store, 2)
    claim = store.claim(TOKEN)
    pictures = claim.load().pictures
    claim.write(frames[4].state, [], Recipe())
    claim.release()
    checkpoint = Checkpoint.load(store.find(TOKEN))
    assert checkpoint.state.step == 4
    assert checkpoint.pictures.keys() == pictures.keys()


def test_those_that_expire_next_go_where_all_together_take_too_much_room(tmp_path, interrupt):
    store = CheckpointStore(tmp_path, Limits(disk=1, runs=1))
    folders = [interrupt(store, 5, token * 32) for token in "abcdefghijkl"]
    for age, folder in enumerate(folders):
        os.utime(folder / STATE_FILE, (time.time() - age,) * 2)
    sizes = [sum(file.stat().st_size for file in folder.iterdir()) for folder in folders]
    fit = [total <= 1_000_000 for total in accumulate(sizes)]
    assert True in fit
    assert False in fit
    store.sweep()
    assert [folder.exists() for folder in folders] == fit


def test_an_expired_run_is_not_offered_and_leaves_nothing(tmp_path, interrupt):
    store = CheckpointStore(tmp_path, Limits(kept=1000))
    folder = interrupt(store, 2)
    os.utime(folder / STATE_FILE, (time.time() - 1020,) * 2)
    assert store.find(TOKEN) is None
    assert store.claim(TOKEN) is None
    store.sweep()
    assert not files(tmp_path)
    assert not folder.parent.exists()


def test_one_visitors_checkpoints_take_no_more_than_their_share(tmp_path, interrupt):
    store = CheckpointStore(tmp_path, Limits(visitor_disk=1))
    folders = [interrupt(store, 2) for _ in range(3)]
    for age, folder in enumerate(folders):
        (folder / "large").write_bytes(bytes(600_000))
        os.utime(folder / STATE_FILE, (time.time() - 60 * age,) * 2)
    store.sweep()
    assert [folder.exists() for folder in folders] == [True, False, False]


def test_what_an_optimiser_goes_on_with_is_left_out_where_there_is_no_room(
    tmp_path, interrupt, write_checkpoint
):
    store = CheckpointStore(tmp_path, Limits(visitor_disk=1))
    assert State.load(write_checkpoint(store, 2).folder / STATE_FILE).memory
    (interrupt(store, 2) / "large").write_bytes(bytes(1_000_000))
    assert not State.load(write_checkpoint(store, 2).folder / STATE_FILE).memory


def test_without_room_on_disk_nothing_is_kept(tmp_path):
    store = CheckpointStore(tmp_path, Limits(disk=0))
    assert store.create(TOKEN, {}) is None
    assert store.find(TOKEN) is None


def test_a_lock_file_without_its_run_is_removed_and_one_in_use_is_not(tmp_path, store):
    folder = store.create(TOKEN, {}).folder
    folder.parent.mkdir(parents=True)
    lock = CheckpointLock(folder)
    store.sweep()
    assert files(tmp_path)
    lock.release()
    store.sweep()
    assert not files(tmp_path)


def test_a_file_that_is_renamed_meanwhile_does_not_stop_the_sweep(store, interrupt, monkeypatch):
    folder = interrupt(store, 2)
    os.utime(folder / STATE_FILE, (0, 0))  # long expired
    monkeypatch.setattr(checkpoint_store, "_files", lambda folder: [folder / "run.part"])
    store.sweep()
    assert not folder.exists()


def test_a_visitors_folder_that_another_sweep_removes_meanwhile_is_made_again_and_locked(
    tmp_path, store, write_checkpoint, monkeypatch
):
    open_file, removed = os.open, []

    def sweep_and_open(file, *arguments, **options):
        if str(file).endswith(".lock") and not removed:
            removed.append(file.parent.rmdir())
        return open_file(file, *arguments, **options)

    monkeypatch.setattr(os, "open", sweep_and_open)
    writer = write_checkpoint(store, 2)
    assert removed
    assert not writer.problem
    assert CheckpointStore(tmp_path / "checkpoints", Limits()).find(TOKEN) is None
    writer.release()
    assert store.find(TOKEN) == writer.folder


def test_a_checkpoint_that_is_locked_by_another_run_is_not_written(store, frames):
    writer = store.create(TOKEN, {})
    other = CheckpointLock(writer.folder)
    writer.write(frames[2].state, [], Recipe())
    assert "in use" in writer.problem
    assert not writer.folder.exists()
    other.release()
    writer.write(frames[2].state, [], Recipe())
    assert not writer.problem


def test_a_checkpoint_whose_lock_cannot_be_opened_is_not_offered(store, interrupt, monkeypatch):
    folder = interrupt(store, 2)

    def refuse(*_):
        raise PermissionError(errno.EPERM, "not yours")

    with monkeypatch.context() as patch:
        patch.setattr(CheckpointLock, "__init__", refuse)
        assert store.find(TOKEN) is None
    assert store.find(TOKEN) == folder
