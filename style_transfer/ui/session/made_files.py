"""Files that were made for a page or a program, which fetches each as soon as it is there."""

import secrets
import shutil
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


class MadeFiles:
    """The newest of such files, below the folder of a session."""

    def __init__(self, folder: Callable[[], Path], most: int) -> None:
        """`folder` returns that folder, and makes it where it is not there yet."""
        self._folder, self._most = folder, most
        self._made: deque[Path] = deque()  # the folder of each, the newest last
        self._lock = threading.Lock()

    @contextmanager
    def new(self, name: str) -> Iterator[Path]:
        """Give the place of another file; once it is written the oldest goes.

        It is in a folder of its own, which goes where the file is not written.
        """
        folder = self._folder() / secrets.token_hex(8)
        folder.mkdir()
        gone: Path | None = folder
        try:
            yield folder / name
            with self._lock:
                self._made.append(folder)
                gone = self._made.popleft() if len(self._made) > self._most else None
        finally:
            if gone:
                shutil.rmtree(gone, ignore_errors=True)
