"""CheckpointWriter: writes the checkpoint of one run."""

import logging
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from torch import Tensor

from style_transfer.engine import State
from style_transfer.recipe import Recipe
from style_transfer.runs.checkpoint import Checkpoint, DamagedError
from style_transfer.runs.checkpoint_files import (
    EXPIRY_FILE,
    STATE_FILE,
    pictures_files,
    write_expiry,
    write_pictures,
    write_run,
)
from style_transfer.runs.history import LossHistory
from style_transfer.runs.limits import MEGABYTE, Limits

MAX_AGE = 7.0  # s; age at which the state on disk is replaced (later if a step takes longer)

_log = logging.getLogger(__name__)


class CheckpointWriter:
    """Writes one run, which nobody else can continue until it is removed, left or released.

    Made by `CheckpointStore`. A full disk stops the writing, not the run: see `problem`.
    """

    def __init__(
        self,
        folder: Path,
        limits: Limits,
        lock: Callable[[], None],
        release: Callable[..., None],
        room: Callable[[], int],
    ) -> None:
        """Write nothing yet. `lock` is called before the first file is written.

        `room` returns how many bytes the run may take on disk.
        """
        self.folder = folder
        self.problem = ""  # why the last writing failed, in one sentence
        self.pictures: Mapping[str, Tensor] = {}  # written with the next state if replaced
        self._limits, self._lock, self._release, self._room = limits, lock, release, room
        self._pictures_written: Mapping[str, Tensor] | None = None
        self._written_at = self._asked_at = time.monotonic()
        self._writing, self._done = threading.Lock(), False

    def load(self) -> Checkpoint:
        """Return the run as it is on disk, to be continued. Raises ValueError, one sentence.

        One that is damaged is removed, since it would be offered in the place of others.
        """
        try:
            checkpoint = Checkpoint.load(self.folder)
        except DamagedError:
            self.remove()
            raise
        self.pictures = self._pictures_written = checkpoint.pictures
        return checkpoint

    def read_state(self) -> State | None:
        """Return the state as it is on disk, None for none that can be read."""
        try:
            return State.load(self.folder / STATE_FILE)
        except ValueError:
            return None

    def is_due(self) -> bool:
        """Return whether the state on disk would be too old after another step like the last.

        To be called after each step.
        """
        now = time.monotonic()
        step, self._asked_at = now - self._asked_at, now
        return now - self._written_at + step >= MAX_AGE

    def write(self, state: State, losses: LossHistory, recipe: Recipe, rests: bool = False) -> None:
        """Write the run's newest state; does nothing after `remove`, `leave` or `release`.

        `rests` says that its steps are made.
        """
        self._written_at = time.monotonic()
        with self._writing:
            if self._done:
                return
            try:
                recipe = replace(recipe, step=state.step)
                self._write(self._bounded(state), losses, recipe, rests)
                if self.problem:
                    _log.warning("A run can be kept again.")
                self.problem = ""
            except OSError as error:
                reason = error.strerror or str(error)
                if not self.problem:  # it would be the same after each step
                    _log.warning("A run goes on, but cannot be kept: %s.", reason)
                self.problem = f"The run goes on, but cannot be kept for later ({reason})."

    def remove(self) -> None:
        """Delete the checkpoint of a run that ended as its visitor wanted."""
        self._finish(remove=True)

    def leave(self) -> None:
        """Let the visitor, who is gone, continue the run for the time that Limits.left allows."""
        with self._writing:
            remove = not self._limits.left or not (self.folder / STATE_FILE).exists()
            if not remove and not self._done:
                try:
                    write_expiry(self.folder, time.time() + self._limits.left)
                except OSError:  # rather gone than offered for longer
                    remove = True
        self._finish(remove)

    def release(self) -> None:
        """Leave the checkpoint as it is on disk, for the next to claim it."""
        self._finish(remove=False)

    def _finish(self, remove: bool) -> None:
        with self._writing:
            if self._done:
                return
            self._done = True
            if remove:
                shutil.rmtree(self.folder, ignore_errors=True)
        self._release(self.folder, remove)

    def _write(self, state: State, losses: LossHistory, recipe: Recipe, rests: bool) -> None:
        self._lock()
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        pictures = self.pictures
        if pictures is not self._pictures_written or not pictures_files(self.folder):
            write_pictures(self.folder, pictures, state.step)
            self._pictures_written = pictures
        write_run(self.folder, recipe, losses, rests)
        state.save(self.folder / STATE_FILE)
        for file in [*pictures_files(self.folder).values()][1:]:  # of states before
            file.unlink(missing_ok=True)
        (self.folder / EXPIRY_FILE).unlink(missing_ok=True)  # of a run that is continued

    def _bounded(self, state: State) -> State:
        """Return a state of at most a run's share of the disk, without memory if need be."""
        tensors = [state.image, *state.memory, *([] if state.good is None else [state.good])]
        size = sum(tensor.nbytes for tensor in tensors)
        if size <= min(self._limits.disk * MEGABYTE / self._limits.runs, self._room()):
            return state
        return state.without_memory()
