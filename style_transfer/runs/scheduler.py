"""Turns: a fair lock; DEVICE, the one that all runs of this process take turns with."""

import threading
import time
from collections import deque

WATCHED = 10.0  # s; the time that the present pace is judged by


class Turns:
    """A lock that is granted in the order in which it was asked for.

    threading.Lock is not: whoever gives it back may take it again at once, for ever.
    """

    def __init__(self) -> None:
        self._waiting: deque[object] = deque()
        self._changed = threading.Condition()
        self._ends: deque[float] = deque(maxlen=1000)  # of the last turns

    def __enter__(self) -> None:
        ticket = object()
        with self._changed:
            self._waiting.append(ticket)
            self._changed.wait_for(lambda: self._waiting[0] is ticket)

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._waiting.popleft()
            self._ends.append(time.monotonic())
            self._changed.notify_all()

    @property
    def per_second(self) -> float:
        """How many turns were taken in each of the last seconds."""
        now = time.monotonic()
        return sum(now - end < WATCHED for end in list(self._ends)) / WATCHED


DEVICE = Turns()  # one step at a time: two at once would each be less than half as fast
