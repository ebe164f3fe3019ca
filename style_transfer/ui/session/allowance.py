"""Allowance: how much of the device's time those who look at the network may take from runs."""

import threading
import time
from collections.abc import Callable

SHARE = 0.06  # of the device's time, of all who look together; a run keeps 0.9 of its steps
BURST = 1.0  # s that can be saved, so that what is asked for after a while is answered at once


class Allowance:
    """Seconds that may be spent, which grow with time; what was overspent is waited for."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._saved, self._at = BURST, clock()

    @property
    def is_open(self) -> bool:
        """Whether something may be spent now."""
        with self._lock:
            self._grow()
            return self._saved > 0

    def spend(self, seconds: float) -> None:
        """Take note of time that was taken, be it more than is saved."""
        with self._lock:
            self._grow()
            self._saved -= seconds

    def _grow(self) -> None:
        now = self._clock()
        self._saved = min(BURST, self._saved + SHARE * (now - self._at))
        self._at = now
