"""A function called again and again by a thread that can be stopped."""

import threading
from collections.abc import Callable


class Periodic:
    """Calls a function every few seconds between `start` and `stop`, in a thread of its own."""

    def __init__(self, function: Callable[[], None], seconds: float, name: str) -> None:
        """Begin stopped. `function` must not raise; `name` is the thread's."""
        self._function, self._seconds, self._name = function, seconds, name
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin; does nothing where it has begun."""
        if self._thread is None:
            self._stopping.clear()
            self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End, after the call under way if there is one."""
        if self._thread is not None:
            self._stopping.set()
            self._thread.join()
            self._thread = None

    def _work(self) -> None:
        while not self._stopping.wait(self._seconds):
            self._function()
