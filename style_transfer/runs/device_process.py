"""DeviceProcess: a process that computes runs on one device, as the one that asks it sees it."""

import logging
import pickle
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from contextlib import suppress
from typing import Any

from style_transfer.runs import broadcast
from style_transfer.runs.cost_model import CostModel
from style_transfer.runs.frame_message import FrameMessage
from style_transfer.runs.outcome import Outcome
from style_transfer.runs.remote_execution import WorkerLostError
from style_transfer.runs.run_folder import RunFolder
from style_transfer.runtime import child_environment
from style_transfer.settings import Settings

# s without a word after which a process is taken to be hung: it tells of itself every 2 s, and may
# hold Python's lock for long. Before its first word it imports, which a slow disk makes long.
SILENCE, STARTING = 60.0, 300.0
_FRESH = 10.0  # s without a word after which others are asked first
_END = object()
Items = Generator[Any, None, None]

_log = logging.getLogger(__name__)


class DeviceProcess:
    """Makes the steps of any number of runs in turn on one device, in a process of its own.

    Asked by pickled tuples on its standard input, which it trusts, and answers by pickled pairs of
    the question's number and an item.
    """

    def __init__(self, device: str, share: tuple[int, int]) -> None:
        """Start the process. It computes on `device`, in share (number, of how many) of the CPU."""
        command = [sys.executable, "-m", "style_transfer.runs.device_worker", device]
        self._process = subprocess.Popen(
            [*command, *map(str, share)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=child_environment(),
            start_new_session=True,  # what a terminal sends is for this process, which saves first
        )
        self.device = device
        self.free_memory: int | None = None  # bytes, of the device's own, when it last told
        self._lock = threading.Lock()
        self._answers = dict[int, queue.SimpleQueue[Any]]()  # by the number of their question
        self._number, self.has_ended, self._is_wanted = 0, False, True
        self._heard, self._heard_at = 0, time.monotonic()  # of all that it told
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

    @property
    def is_ready(self) -> bool:
        """Whether it was heard of lately; what is asked while it starts it answers later."""
        return not self._heard or time.monotonic() - self._heard_at < _FRESH

    def messages(self, folder: RunFolder) -> Generator[FrameMessage | Outcome | None, None, None]:
        """Begin a call, see `PoolWorker`."""
        return self._begin("paint", folder.path)

    def cost_model(self, network: str, settings: Settings, anew: bool) -> CostModel:
        """Return how long steps take there, see `PoolWorker`."""
        answers = self._begin("cost", network, settings, anew)
        answer = next((each for each in answers if each is not None), None)
        if answer is None:  # a fault there, which its own log tells of
            raise WorkerLostError
        if isinstance(answer, ValueError):
            raise answer
        found: CostModel = answer
        return found

    def end(self) -> None:
        """End the process, whatever it is doing; a second time does nothing."""
        self._is_wanted = False
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
        """Yield answers as they come, and None every HEARTBEAT seconds without one."""
        heard, silent = self._heard, 0  # the latter in heartbeats: this process may have slept
        try:
            while True:
                try:
                    answer = answers.get(timeout=broadcast.HEARTBEAT)
                except queue.Empty:
                    heard, silent = self._heard, 0 if heard != self._heard else silent + 1
                    self._check(silent * broadcast.HEARTBEAT)
                    yield None
                    continue
                if answer is _END:
                    return
                if isinstance(answer, WorkerLostError):
                    raise answer
                yield answer
        finally:
            self._answers.pop(number, None)

    def _check(self, seconds: float) -> None:
        """Kill the process where it has told nothing for too many seconds."""
        if seconds > (SILENCE if self._heard else STARTING):
            _log.warning("Process %d told nothing for %.0f s, and is killed.", self.pid, seconds)
            self._process.kill()

    def _listen(self) -> None:
        """Hand out answers until the process ends."""
        assert self._process.stdout
        try:
            while True:
                number, *item = pickle.load(self._process.stdout)
                self._heard, self._heard_at = self._heard + 1, time.monotonic()
                if not number:
                    (self.free_memory,) = item
                elif answers := self._answers.get(number):
                    answers.put(item[0] if item else _END)
        except (OSError, EOFError, pickle.UnpicklingError):  # it has ended, perhaps amid an answer
            pass
        except Exception:  # such as for lack of memory: those who wait must hear of it
            _log.exception("An answer of process %d cannot be read; it is killed.", self.pid)
            self._process.kill()
        with self._lock:
            self.has_ended = True
            lost = list(self._answers.values())
            for answers in lost:
                answers.put(WorkerLostError())
            with suppress(OSError):  # of what was still to be written
                assert self._process.stdin
                self._process.stdin.close()
        self._process.stdout.close()
        code = self._process.wait()
        if self._is_wanted:
            words = "Process %d (%s) ended with code %d; its runs (%d) go on from their last state."
            _log.warning(words, self.pid, self.device, code, len(lost))
