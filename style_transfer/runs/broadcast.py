"""News: what a run tells those who watch it."""

import threading
import time
from collections.abc import Iterator

from style_transfer.engine import Frame

HEARTBEAT = 1.0  # s; the longest that somebody who watches is left without a word


class News:
    """The newest frame, and word of all else; who is slow misses frames, never the newest."""

    def __init__(self) -> None:
        self.changed = threading.Condition()  # also guards what the run says beside its frames
        self.frame: Frame | None = None
        self.ended = False
        self.seen = time.monotonic()  # when somebody watched last
        self._count = 0

    def tell(self) -> None:
        """Wake all who watch; to be called with `changed` held."""
        self._count += 1
        self.changed.notify_all()

    def frames(self) -> Iterator[Frame | None]:
        """Yield the newest frame at each news, and at least every HEARTBEAT seconds, to the end."""
        shown, ended = -1, False
        while not ended:
            with self.changed:
                self.changed.wait_for(lambda: self._count != shown or self.ended, HEARTBEAT)  # noqa: B023
                shown, ended, frame = self._count, self.ended, self.frame
            self.seen = time.monotonic()
            yield frame
