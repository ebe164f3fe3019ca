"""CheckpointStore: the checkpoints of all runs, so that one that was cut off can be continued.

A visitor's runs are found by a token that only this visitor knows; the disk holds its digest.
"""

import hashlib
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from torch import Tensor

from style_transfer.runs.checkpoint import expiry_of, kept_run
from style_transfer.runs.checkpoint_files import STATE_FILE
from style_transfer.runs.checkpoint_lock import NO_LOCKS, CheckpointLock
from style_transfer.runs.checkpoint_writer import CheckpointWriter
from style_transfer.runs.limits import MEGABYTE, PREFIX, Limits
from style_transfer.runs.private_folder import is_foreign, make_private, user_name

FOLDER_VARIABLE = f"{PREFIX}KEPT_FOLDER"
MIN_TOKEN, MAX_TOKEN = 32, 200  # characters; fewer could be guessed


def checkpoint_root(environment: Mapping[str, str]) -> Path:
    """Return the folder of all checkpoints, which no page serves and only this user may change.

    Raises ValueError, one sentence, where it is another user's.
    """
    given = environment.get(FOLDER_VARIABLE)
    root = Path(given or Path(tempfile.gettempdir()) / f"style-transfer-kept{user_name()}")
    if is_foreign(root):
        raise ValueError(
            f"{root} can be changed by another user of this computer; "
            f"name a folder of your own by {FOLDER_VARIABLE}."
        )
    return root


class CheckpointStore:
    """Checkpoints below one folder, each claimed by one run at most, also between processes."""

    def __init__(self, root: Path, limits: Limits) -> None:
        self._root, self._limits = root, limits
        self._locks: dict[Path, CheckpointLock | None] = {}  # of the runs of this process
        self._guard = threading.RLock()

    def problem(self) -> str:
        """Return why no run can be kept, in one sentence, "" where they can or need not be."""
        if not self._limits.disk:
            return ""
        try:
            make_private(self._root)
            with tempfile.TemporaryFile(dir=self._root):
                return ""
        except OSError as error:
            return f"No run can be kept in {self._root}: {error.strerror or error}."

    def create(self, token: Any, pictures: Mapping[str, Tensor]) -> CheckpointWriter | None:
        """Return the writer of a new run of the visitor with `token`; None for one without."""
        folder = self._visitor_folder(token)
        if folder is None:
            return None
        writer = self._writer(folder / secrets.token_hex(8))
        writer.pictures = pictures
        return writer

    def find(self, token: Any) -> Path | None:
        """Return the folder of the run of this visitor that was cut off last; None without one.

        Those that cannot be read, or were written by a newer version, are passed over.
        """
        folder = self._visitor_folder(token)
        if folder is None:
            return None
        with self._guard:
            return next((f for f in self._readable(folder) if self._lock(f, probe=True)), None)

    def claim(self, token: Any) -> CheckpointWriter | None:
        """Return the writer of the run that `find` finds, and reserve that run for the caller.

        A caller who cannot continue the run must `release` the writer.
        """
        folder = self._visitor_folder(token)
        if folder is None:
            return None
        with self._guard:
            found = next((f for f in self._readable(folder) if self._lock(f)), None)
            return self._writer(found) if found else None

    def sweep(self) -> None:
        """Remove expired checkpoints; above the limits of the disk, also those that expire next."""
        if is_foreign(self._root):
            return
        for visitor in list(self._root.glob("*")):
            self._sweep(visitor.glob("*"), self._limits.visitor_disk)
        self._sweep(self._root.glob("*/*"), self._limits.disk)
        for visitor in self._root.glob("*"):
            try:
                visitor.rmdir()
            except OSError:  # not empty, or not a folder of ours
                continue

    def _sweep(self, files: Iterable[Path], most: int) -> None:
        """Remove those of some folders that expire next until they take `most` MB."""
        folders = {path.with_suffix("") for path in files}  # also of lock files
        sizes = {each: sum(map(_size, _files(each))) for each in folders}
        room = most * MEGABYTE - sum(sizes.values())
        for expiry, folder in sorted((self._expiry(each), each) for each in folders):
            if expiry >= time.time() and room >= 0:
                return
            with self._guard:
                if self._lock(folder):
                    room += sizes[folder]
                    shutil.rmtree(folder, ignore_errors=True)
                    self._unlock(folder, remove=True)

    def _visitor_folder(self, token: Any) -> Path | None:
        if not isinstance(token, str) or not MIN_TOKEN <= len(token) <= MAX_TOKEN:
            return None
        if not self._limits.disk or is_foreign(self._root):
            return None
        return self._root / hashlib.sha256(token.encode(errors="replace")).hexdigest()

    def _readable(self, visitor: Path) -> Iterator[Path]:
        """Yield the folders of a visitor's checkpoints that have not expired, newest first."""
        files = {file.parent: _written(file) for file in visitor.glob(f"*/{STATE_FILE}")}
        valid = [folder for folder in files if self._expiry(folder) >= time.time()]
        yield from filter(kept_run, sorted(valid, key=lambda folder: -files[folder]))

    def _expiry(self, folder: Path) -> float:
        return expiry_of(folder, self._limits.kept)

    def _writer(self, folder: Path) -> CheckpointWriter:
        def lock() -> None:
            with self._guard:
                if folder not in self._locks:
                    make_private(self._root)
                    self._locks[folder] = _lock_of(folder)

        return CheckpointWriter(
            folder, self._limits, lock, self._unlock, partial(self._room, folder)
        )

    def _room(self, folder: Path) -> int:
        """Return how many bytes a run may take, beside what others do."""
        others = {each: sum(map(_size, _files(each))) for each in self._root.glob("*/*")}
        others.pop(folder, None)
        theirs = sum(size for each, size in others.items() if each.parent == folder.parent)
        most, most_theirs = self._limits.disk, self._limits.visitor_disk
        return min(most * MEGABYTE - sum(others.values()), most_theirs * MEGABYTE - theirs)

    def _lock(self, folder: Path, probe: bool = False) -> bool:
        """Lock a folder, for a moment only to `probe`; return whether it was free."""
        with self._guard:
            if folder in self._locks:
                return False
            try:
                lock = _lock_of(folder)
            except OSError:  # in use, or not ours to lock
                return False
            if not probe:
                self._locks[folder] = lock
            elif lock:
                lock.release()
            return True

    def _unlock(self, folder: Path, remove: bool) -> None:
        with self._guard:
            lock = self._locks.pop(folder, None)
            if lock:
                lock.release(remove)


def _lock_of(folder: Path) -> CheckpointLock | None:
    """Return the lock of a folder, None where there are none. Raises OSError as that does."""
    try:
        return CheckpointLock(folder)
    except OSError as error:
        if error.errno in NO_LOCKS:
            return None  # no file locks here: only runs of this process exclude each other
        raise


def _written(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:  # e.g. a file that was just renamed
        return 0


def _files(folder: Path) -> list[Path]:
    try:
        return [file for file in folder.iterdir() if file.is_file()]
    except OSError:
        return []
