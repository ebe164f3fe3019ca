"""Interruption: Ctrl-C and the signals by which a system ends a program, noticed once."""

import signal
import threading
from types import FrameType
from typing import Any

# SIGTERM comes from `timeout`, `kill` and container engines, SIGHUP from a terminal that is closed,
# SIGBREAK from a console of Windows. Each system lacks some.
_SIGNALS = [
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
    if hasattr(signal, name)
]


class Interruption:
    """Context in which the first such signal raises KeyboardInterrupt, and others do nothing.

    A signal that the parent process has set to ignored, as `nohup` does, stays ignored. Outside the
    main thread, which alone is given signals, the context does nothing.
    """

    def __init__(self) -> None:
        self.noticed = False  # also where the exception was dropped, as Python does in a finaliser
        self._raises = True
        self._before: dict[int, Any] = {}

    def __enter__(self) -> "Interruption":
        if threading.current_thread() is threading.main_thread():
            for each in _SIGNALS:
                before = signal.getsignal(each)
                # None: set by other code than Python's, which cannot be put back.
                if before not in (signal.SIG_IGN, None):
                    self._before[each] = before
                    signal.signal(each, self._notice)
        return self

    def __exit__(self, *_: object) -> None:
        for each, before in self._before.items():
            signal.signal(each, before)

    def only_notice(self) -> None:
        """Raise nothing any more: what follows must be finished."""
        self._raises = False

    def raise_again(self) -> None:
        """Let the first signal raise again, as before `only_notice`."""
        self._raises = True

    def _notice(self, number: int, frame: FrameType | None) -> None:
        first, self.noticed = not self.noticed, True
        if first and self._raises:
            raise KeyboardInterrupt
