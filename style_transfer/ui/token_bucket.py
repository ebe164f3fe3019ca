"""TokenBucket: bounds what is spent in the long run, and lets a burst through at once."""

import threading
import time
from collections.abc import Callable


class TokenBucket:
    """Tokens that may be spent, which grow with time; what was overspent is waited for."""

    def __init__(
        self, rate: float, size: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin with `size` tokens, which are the most; `rate` tokens come in a second."""
        self._rate, self._size = rate, size
        self._clock, self._lock = clock, threading.Lock()
        self._tokens, self._at = size, clock()

    @property
    def is_open(self) -> bool:
        """Whether something may be spent now."""
        with self._lock:
            self._grow()
            return self._tokens > 0

    @property
    def is_full(self) -> bool:
        """Whether nothing was spent for so long that a new bucket would be the same."""
        with self._lock:
            self._grow()
            return self._tokens == self._size

    def spend(self, tokens: float) -> float:
        """Spend tokens, be it more than there are; return the seconds until that is made up for."""
        with self._lock:
            self._grow()
            self._tokens -= tokens
            return max(0.0, -self._tokens / self._rate)

    def _grow(self) -> None:
        now = self._clock()
        self._tokens = min(self._size, self._tokens + self._rate * (now - self._at))
        self._at = now
