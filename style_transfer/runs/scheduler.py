"""The scheduler: a fair lock that gives the device to one step at a time."""

import threading
import time
from collections import deque

RATE_WINDOW = 10.0  # s; the time over which steps per second are counted


class StepRate:
    """Counts the steps that all runs together make."""

    def __init__(self) -> None:
        self._made: deque[tuple[float, int]] = deque()  # when, and how many
        self._lock = threading.Lock()

    def add(self, steps: int = 1) -> None:
        """Count steps that were made just now."""
        with self._lock:
            self._made.append((time.monotonic(), steps))
            self._forget_earlier()

    @property
    def per_second(self) -> float:
        """How many there were in each of the last RATE_WINDOW seconds."""
        with self._lock:
            self._forget_earlier()
            return sum(steps for _, steps in self._made) / RATE_WINDOW

    def _forget_earlier(self) -> None:
        while self._made and time.monotonic() - self._made[0][0] >= RATE_WINDOW:
            self._made.popleft()


class Scheduler:
    """A lock granted in the order of asking, one for each device.

    Two steps at once would each take more than twice as long. threading.Lock is not fair: a thread
    that releases it may take it again at once, for ever.
    """

    def __init__(self) -> None:
        self._waiting: deque[object] = deque()
        self._changed = threading.Condition()
        self.turns = 0  # how often it was released

    def __enter__(self) -> None:
        ticket = object()
        with self._changed:
            self._waiting.append(ticket)
            try:
                self._changed.wait_for(lambda: self._waiting[0] is ticket)
            except BaseException:  # Ctrl-C: the others would wait for it for ever
                self._waiting.remove(ticket)
                self._changed.notify_all()
                raise

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._waiting.popleft()
            self.turns += 1
            self._changed.notify_all()
