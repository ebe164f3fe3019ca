"""A lock that gives one checkpoint to one run, also between processes."""

import errno
import os
import sys
from contextlib import suppress
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def lock_descriptor(descriptor: int) -> None:
        """Lock an open file. Raises OSError where it is locked."""
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def lock_descriptor(descriptor: int) -> None:
        """Lock an open file or folder. Raises OSError where it is locked."""
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


_HELD = (errno.EAGAIN, errno.EACCES, errno.EDEADLK)  # by another run
NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP)  # on this file system
_ATTEMPTS = 10  # to open a file that another process removes, or its folder, such as by a `sweep`
_IN_USE = "the checkpoint is in use"


class CheckpointLock:
    """The lock file beside a checkpoint's folder. It is free as soon as its process has died."""

    def __init__(self, folder: Path) -> None:
        """Take the lock of `folder`.

        Raises BlockingIOError where it is taken, OSError with one of NO_LOCKS as its number on a
        file system without locks, and OSError where the file cannot be made.
        """
        self._file = folder.with_name(f"{folder.name}.lock")
        for _ in range(_ATTEMPTS):
            self._descriptor = _open(self._file)
            try:
                lock_descriptor(self._descriptor)
            except OSError as error:
                os.close(self._descriptor)
                if error.errno in _HELD:
                    raise BlockingIOError(error.errno, _IN_USE) from error
                raise
            if _is_at(self._file, self._descriptor):
                return
            os.close(self._descriptor)
        raise BlockingIOError(errno.EAGAIN, _IN_USE)

    def release(self, remove: bool = False) -> None:
        """Give the lock back; `remove` its file where the checkpoint is gone."""
        # POSIX: unlink before unlocking, or we could unlink a lock that another run has just taken.
        # Windows cannot unlink an open file.
        windows = sys.platform == "win32"
        if remove and not windows:
            self._unlink()
        os.close(self._descriptor)
        if remove and windows:
            self._unlink()

    def _unlink(self) -> None:
        with suppress(OSError):  # left for `CheckpointStore.sweep`
            self._file.unlink()


def _open(file: Path) -> int:
    """Return a descriptor of `file`, made with its folder where they are missing."""
    for _ in range(_ATTEMPTS):
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with suppress(FileNotFoundError):
            return os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(file))


def _is_at(file: Path, descriptor: int) -> bool:
    """Return whether `file` is still what was opened, and was not removed before it was locked."""
    try:
        return os.path.samestat(file.stat(), os.fstat(descriptor))
    except OSError:
        return False
