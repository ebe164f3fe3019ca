"""DeviceProcess: a process that computes runs on one device, as the one that asks it sees it."""

import os
import pickle
import queue
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path
from typing import Any

from style_transfer.runs.cost_model import CostModel
from style_transfer.runs.frame_message import FrameMessage
from style_transfer.runs.outcome import Outcome
from style_transfer.runs.remote_execution import WorkerLostError
from style_transfer.runs.run_folder import RunFolder
from style_transfer.settings import Settings

_ROOT = Path(__file__).parents[2]  # where `style_transfer` is imported from
_END = object()
Items = Generator[Any, None, None]


class DeviceProcess:
    """Makes the steps of any number of runs in turn on one device, in a process of its own.

    Asked by pickled tuples on its standard input, which it trusts, and answers by pickled pairs of
    the question's number and an item.
    """

    def __init__(self, device: str, share: tuple[int, int]) -> None:
        """Start the process. It computes on `device`, in share (number, of how many) of the CPU."""
        paths = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
        command = [sys.executable, "-m", "style_transfer.runs.device_worker", device]
        self._process = subprocess.Popen(
            [*command, *map(str, share)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": paths},
        )
        self.device, self.is_ready = device, True  # what is asked meanwhile it answers later
        self.free_memory: int | None = None  # bytes, of the device's own, when it last told
        self._lock = threading.Lock()
        self._answers = dict[int, queue.SimpleQueue[Any]]()  # by the number of their question
        self._number, self.has_ended = 0, False
        self._listening = threading.Thread(target=self._listen, name=device, daemon=True)
        self._listening.start()

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    @property
    def load(self) -> int:
        """How many questions are being answered: runs, but for a measurement now and then."""
        return len(self._answers)

    def messages(self, folder: RunFolder) -> Generator[FrameMessage | Outcome, None, None]:
        """Begin a call, see `PoolWorker`."""
        return self._begin("paint", folder.path)

    def cost_model(self, network: str, settings: Settings, anew: bool) -> CostModel:
        """Return how long steps take there, see `PoolWorker`."""
        answer: CostModel | ValueError
        (answer,) = self._begin("cost", network, settings, anew)
        if isinstance(answer, ValueError):
            raise answer
        return answer

    def end(self) -> None:
        """End the process, whatever it is doing; a second time does nothing."""
        self._process.kill()
        self._listening.join()

    def _begin(self, *question: Any) -> Items:
        """Send a question, and return an iterator over its answers."""
        answers = queue.SimpleQueue[Any]()
        with self._lock:
            if self.has_ended:
                raise WorkerLostError
            self._number += 1
            number, self._answers[self._number] = self._number, answers
            with suppress(OSError):  # it has died, which the one that listens will find
                assert self._process.stdin
                pickle.dump((number, *question), self._process.stdin)
                self._process.stdin.flush()
        return self._items(number, answers)

    def _items(self, number: int, answers: "queue.SimpleQueue[Any]") -> Items:
        try:
            while (answer := answers.get()) is not _END:
                if isinstance(answer, WorkerLostError):
                    raise answer
                yield answer
        finally:
            self._answers.pop(number, None)

    def _listen(self) -> None:
        """Hand out answers until the process ends."""
        assert self._process.stdout
        with suppress(OSError, EOFError, pickle.UnpicklingError):
            while True:
                number, *item = pickle.load(self._process.stdout)
                if not number:
                    (self.free_memory,) = item
                elif answers := self._answers.get(number):
                    answers.put(item[0] if item else _END)
        with self._lock:
            self.has_ended = True
            for answers in list(self._answers.values()):
                answers.put(WorkerLostError())
            with suppress(OSError):  # of what was still to be written
                assert self._process.stdin
                self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()
