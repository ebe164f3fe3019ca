"""Broadcast: the newest frame of a run for any number of watchers."""

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from style_transfer.engine import Frame

HEARTBEAT = 1.0  # s; the longest that a watcher waits without being given anything

# Of all runs, so that those of a later run are higher, also of a server that is started later: a
# page may outlive one.
_numbers = itertools.count(time.time_ns() // 1_000_000)


class Broadcast:
    """Hands the newest frame to all watchers. A slow one misses frames, but never the newest."""

    def __init__(self) -> None:
        self.changed = threading.Condition()  # guards `frame` and `ended`, and the run's own fields
        self.frame: Frame | None = None
        self.ended = False
        self.watched_at = time.monotonic()  # when a watcher last took a frame
        self._number = 0  # of what the watchers were woken for last
        self._shown: Frame | None = None  # the frame of then: those between are for no watcher
        self._listeners: list[Callable[[], None]] = []

    def notify(self) -> None:
        """Wake all watchers; to be called with `changed` held."""
        self._number, self._shown = next(_numbers), self.frame
        self.changed.notify_all()
        for listener in self._listeners:
            listener()

    def newest(self) -> tuple[int, Frame | None]:
        """Return the number of the last notify(), which only grows, and the newest frame then."""
        with self.changed:
            return self._number, self._shown

    @contextmanager
    def listening(self, listener: Callable[[], None]) -> Iterator[None]:
        """Call `listener` at each notify(), with `changed` held: for those that hold no thread."""
        with self.changed:
            self._listeners.append(listener)
        try:
            yield
        finally:
            with self.changed:
                self._listeners.remove(listener)

    def frames(self) -> Iterator[Frame | None]:
        """Yield the frame of the last notify(), after each and at least every HEARTBEAT seconds.

        None before the first frame. Ends with the run.
        """
        seen, ended = -1, False
        while not ended:
            with self.changed:
                self.changed.wait_for(lambda: self._number != seen or self.ended, HEARTBEAT)  # noqa: B023
                seen, ended, frame = self._number, self.ended, self._shown
            self.watched_at = time.monotonic()
            yield frame
