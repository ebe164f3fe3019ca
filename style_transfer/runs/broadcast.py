"""Broadcast: the newest frame of a run for any number of watchers."""

import threading
import time
from collections.abc import Iterator

from style_transfer.engine import Frame

HEARTBEAT = 1.0  # s; the longest that a watcher waits without being given anything


class Broadcast:
    """Hands the newest frame to all watchers. A slow one misses frames, but never the newest."""

    def __init__(self) -> None:
        self.changed = threading.Condition()  # guards `frame` and `ended`, and the run's own fields
        self.frame: Frame | None = None
        self.ended = False
        self.watched_at = time.monotonic()  # when a watcher last took a frame
        self._version = 0

    def notify(self) -> None:
        """Wake all watchers; to be called with `changed` held."""
        self._version += 1
        self.changed.notify_all()

    def frames(self) -> Iterator[Frame | None]:
        """Yield the newest frame after each notify(), and at least every HEARTBEAT seconds.

        None before the first frame. Ends with the run.
        """
        seen, ended = -1, False
        while not ended:
            with self.changed:
                self.changed.wait_for(lambda: self._version != seen or self.ended, HEARTBEAT)  # noqa: B023
                seen, ended, frame = self._version, self.ended, self.frame
            self.watched_at = time.monotonic()
            yield frame
