"""Where the pictures of jobs are read from, also what can be read only once."""

import errno
import io
import os
import sys
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from style_transfer.batch.planning import STREAM


class Sources:
    """Opens pictures as often as jobs need them; standard input and pipes are read once and kept.

    Several threads may use it at once.
    """

    def __init__(self) -> None:
        """Nothing is read yet."""
        self._kept = dict[Path, bytes]()
        self._lock = Lock()

    def open(self, file: Path) -> Path | BinaryIO:
        """Return what to read a picture from. Raises OSError where a pipe cannot be read."""
        if file == STREAM and sys.stdin is None:  # closed by the parent process
            raise OSError(errno.EBADF, os.strerror(errno.EBADF), source_name(file))
        if file != STREAM and not file.is_fifo():
            return file
        with self._lock:
            if file not in self._kept:
                self._kept[file] = sys.stdin.buffer.read() if file == STREAM else file.read_bytes()
            return io.BytesIO(self._kept[file])


def source_name(file: Path) -> str:
    """Return what sentences call it."""
    return "standard input" if file == STREAM else str(file)
