"""A lock that gives one checkpoint to one run, also between processes."""

import errno
import os
import sys
from contextlib import suppress
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


_HELD = (
    errno.EAGAIN,
    errno.EACCES,
    errno.EDEADLK,
)  # by another run


class CheckpointLock:
    """The lock file beside a checkpoint's folder. It is free as soon as its process has died."""

    def __init__(self, folder: Path) -> None:
        """Take the lock of `folder`.

        Raises BlockingIOError where it is taken, and OSError on a file system without locks.
        """
        self._file = folder.with_name(f"{folder.name}.lock")
        self._descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(self._descriptor)
        except OSError as error:
            os.close(self._descriptor)
            if error.errno in _HELD:
                raise BlockingIOError(error.errno, "the checkpoint is in use") from error
            raise

    def release(self, remove: bool = False) -> None:
        """Give the lock back; `remove` its file where the checkpoint is gone."""
        windows = sys.platform == "win32"  # where a file in use cannot be removed; elsewhere it is
        if remove and not windows:  # removed first, lest it is another run's by then
            self._unlink()
        os.close(self._descriptor)
        if remove and windows:
            self._unlink()

    def _unlink(self) -> None:
        with suppress(OSError):  # left for `CheckpointStore.sweep`
            self._file.unlink()
