"""A folder of temporary files that goes with its process, however that ends."""

import atexit
import os
import secrets
import shutil
import time
from contextlib import suppress
from pathlib import Path

from style_transfer.runs.checkpoint_lock import CheckpointLock, lock_descriptor

_TRIES, _PAUSE = 20, 0.05  # s between: another process may be about to write a file


def process_folder(root: Path, prefix: str) -> Path:
    """Return a new folder below `root` that no other process has and only this user can read.

    It is removed at the end of the process, and those of the same prefix here whose processes were
    killed. Raises OSError where none can be made.
    """
    root.mkdir(parents=True, exist_ok=True)
    remove_abandoned(root, prefix)
    folder, lock = _locked_name(root, prefix)
    folder.mkdir(mode=0o700)
    _spare(folder)
    atexit.register(_leave, folder, lock, os.getpid())
    return folder


def remove_abandoned(root: Path, prefix: str) -> None:
    """Remove the folders below `root` of processes that have died."""
    for file in root.glob(f"{prefix}*.lock"):
        folder = file.with_suffix("")
        try:
            lock = CheckpointLock(folder)
        except OSError:  # in use, another user's, or on a file system without locks
            continue
        _remove(folder, lock)


def _locked_name(root: Path, prefix: str, tries: int = _TRIES) -> tuple[Path, CheckpointLock]:
    """Return a folder and its lock, before it is there, or it would look abandoned."""
    folder = root / f"{prefix}{secrets.token_hex(8)}"
    try:
        return folder, CheckpointLock(folder)
    except BlockingIOError:  # another process that begins looks whether it is abandoned
        if tries == 1:
            raise
    return _locked_name(root, prefix, tries - 1)


def _spare(folder: Path) -> None:
    """Let systemd-tmpfiles, which removes what is days old, pass over a folder of this process."""
    with suppress(OSError):  # Windows opens no folder, and some file systems have no locks
        lock_descriptor(os.open(folder, os.O_RDONLY))


def _leave(folder: Path, lock: CheckpointLock, process: int) -> None:
    if os.getpid() == process:  # and not a fork of it
        _remove(folder, lock)


def _remove(folder: Path, lock: CheckpointLock) -> None:
    for _ in range(_TRIES):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            break
        time.sleep(_PAUSE)
    lock.release(remove=not folder.exists())  # what is left another process will remove
