"""RayActor: what makes the steps of runs on some node of a Ray cluster, as that node sees it."""

import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from platform import node

import torch

from style_transfer import runtime
from style_transfer.devices import CPU, present
from style_transfer.runs import free_memory, worker
from style_transfer.runs.cost_model import CostModel
from style_transfer.runs.frame_message import FrameMessage
from style_transfer.runs.outcome import Outcome
from style_transfer.runs.run_folder import STATE, write_file
from style_transfer.runs.scheduler import Scheduler
from style_transfer.runs.temporary_folder import process_folder
from style_transfer.runs.thread_executor import ThreadExecutor
from style_transfer.settings import Settings

# What the program sets for all its processes, see `runtime.configure`: an actor's are set by Ray.
ENVIRONMENT = ("OMP_WAIT_POLICY", "THP_MEM_ALLOC_ENABLE", "PYTORCH_ENABLE_MPS_FALLBACK")

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Status:
    """Where an actor is, and how it is doing."""

    device: str
    node: str  # its name for people
    free: int | None  # bytes that its device has for runs, those of its neighbours included
    process: int  # its number on that node


class RayActor:
    """Makes the steps of any number of runs in turn, each from a copy of its folder.

    `paint`, `cost_model`, and all other methods have threads of their own.
    """

    def __init__(self, gpus: float, threads: int) -> None:
        """Compute with so many threads on the CPU or, with GPUs or a part of one, on the first."""
        runtime.configure()
        torch.set_num_threads(threads)
        self._device = present()[0] if gpus else CPU
        self._executor = ThreadExecutor(Scheduler(), device=self._device)
        self._root = process_folder(Path(tempfile.gettempdir()), "style-transfer-actor-")

    def status(self) -> Status:
        """Return where it is, and how it is doing."""
        return Status(self._device, node(), free_memory.available_memory(self._device), os.getpid())

    def cost_model(self, network: str, settings: Settings, anew: bool) -> CostModel | ValueError:
        """Return how long steps take here; a ValueError where the network cannot be had."""
        try:
            return self._executor.cost_model(network, settings, anew=anew)
        except ValueError as error:
            return error

    def begin(self, call: int) -> None:
        """Make the folder of a call, which is still empty."""
        with self._ended_without_room(call):
            self._folder(call).mkdir()

    def write(self, call: int, name: str, data: bytes, before: None = None) -> None:
        """Write a file of a call, once the one `before` is written; none of a call that ended."""
        with self._ended_without_room(call), suppress(FileNotFoundError):
            write_file(self._folder(call) / name, data)

    def paint(
        self, call: int, before: None = None
    ) -> Iterator[tuple[FrameMessage | Outcome, bytes | None]]:
        """Yield the messages of a call, see `worker.messages`, with the state where one is saved.

        Its files are written, once the one `before` is.
        """
        folder = self._folder(call)
        if not folder.exists():  # its run was given up
            return
        for message in worker.messages(folder, self._executor.start, lambda: float("inf")):
            saved = isinstance(message, FrameMessage) and message.saved
            yield message, (folder / STATE).read_bytes() if saved else None

    def end(self, call: int, before: None = None) -> None:
        """Remove the folder of a call; where it is under way it ends by that."""
        shutil.rmtree(self._folder(call), ignore_errors=True)

    @contextmanager
    def _ended_without_room(self, call: int) -> Iterator[None]:
        """End a call whose files the disk has no room for: it would not be steered any more.

        Nothing is raised: no later method of the call would be run, not even its end.
        """
        try:
            yield
        except OSError as error:
            words = "A call ends, since its files cannot be written: %s."
            _log.warning(words, error.strerror or error)
            self.end(call)

    def _folder(self, call: int) -> Path:
        return self._root / str(call)
