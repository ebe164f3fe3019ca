import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from style_transfer.runs import temporary_folder as module
from style_transfer.runs.checkpoint_lock import CheckpointLock, lock_descriptor
from style_transfer.runs.run_folder import RunFolder
from style_transfer.runs.temporary_folder import process_folder, remove_abandoned

SCRIPT = """
import os, signal, sys
from pathlib import Path
{body}
"""


def printed(body: str, folder: Path, code: int = 0) -> str:
    """Return what a process prints that makes folders below `folder`."""
    script = SCRIPT.format(body=body)
    environment = os.environ | {"TMPDIR": str(folder)}
    ended = subprocess.run(
        [sys.executable, "-c", script], check=False, capture_output=True, text=True, env=environment
    )
    assert ended.returncode == code, ended.stderr
    return ended.stdout.strip()


@pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX")
def test_the_folder_is_closed_to_other_users(tmp_path):
    assert process_folder(tmp_path, "mine-").stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(sys.platform == "win32", reason="locks of folders")
def test_the_folder_is_locked_so_that_systemd_tidies_nothing_in_it_away(tmp_path):
    descriptor = os.open(process_folder(tmp_path, "mine-"), os.O_RDONLY)
    with pytest.raises(BlockingIOError):
        lock_descriptor(descriptor)
    os.close(descriptor)


def test_the_folder_of_a_process_that_died_is_removed_by_the_next(tmp_path):
    abandoned = tmp_path / "mine-0"
    CheckpointLock(abandoned).release()
    (abandoned / "session").mkdir(parents=True)
    own = process_folder(tmp_path, "mine-")
    remove_abandoned(tmp_path, "mine-")
    assert not abandoned.exists()
    assert own.is_dir()
    assert [file.name for file in tmp_path.glob("*.lock")] == [f"{own.name}.lock"]


def test_a_name_that_another_process_looks_at_is_not_taken(tmp_path, monkeypatch):
    names = iter(["0", "1"])
    monkeypatch.setattr(module.secrets, "token_hex", lambda _: next(names))
    lock = CheckpointLock(tmp_path / "mine-0")
    assert process_folder(tmp_path, "mine-").name == "mine-1"
    lock.release()


def test_what_could_not_be_removed_is_left_to_the_next_process(tmp_path, monkeypatch):
    abandoned = tmp_path / "mine-0"
    CheckpointLock(abandoned).release()
    abandoned.mkdir()
    with monkeypatch.context() as patch:
        patch.setattr(module, "_PAUSE", 0.0)
        patch.setattr(module.shutil, "rmtree", lambda *_, **__: None)  # another writes there
        remove_abandoned(tmp_path, "mine-")
        assert abandoned.exists()
    remove_abandoned(tmp_path, "mine-")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.integration
def test_the_folder_goes_with_its_process_and_not_with_a_fork_of_it(tmp_path):
    body = """
from style_transfer.runs.temporary_folder import process_folder
import atexit
folder = process_folder(Path(os.environ["TMPDIR"]), "mine-")
if hasattr(os, "fork"):
    if not os.fork():
        atexit._run_exitfuncs()
        os._exit(0)
    os.wait()
print(folder.is_dir())
"""
    assert printed(body, tmp_path) == "True"
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.integration
@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_the_pictures_of_runs_go_with_a_process_that_is_killed_when_the_next_begins(tmp_path):
    body = """
from style_transfer.runs.run_folder import RunFolder
folder = RunFolder()
(folder.path / "pictures-1.pickle").write_bytes(b"a photo")
{end}
"""
    printed(body.format(end="os.kill(os.getpid(), signal.SIGKILL)"), tmp_path, code=-9)
    assert list(tmp_path.rglob("pictures-1.pickle"))
    leave = "from style_transfer.ui.shutdown import leave_process; leave_process()"
    printed(body.format(end=leave), tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_folder_of_all_runs_is_made_again_where_the_system_tidied_it_away():
    first = RunFolder()
    shutil.rmtree(first.path.parent)
    second = RunFolder()
    assert second.path.is_dir()
    second.remove()
