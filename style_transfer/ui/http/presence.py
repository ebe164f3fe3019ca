"""Presence: which pages are open, told by the connections on which they listen."""

from collections import Counter


class Presence:
    """Counts, for each session, the connections that a page or a program holds open."""

    def __init__(self) -> None:
        self.is_tracked = False  # whether a gate counts; without one every page passes for open
        self._connections: Counter[str] = Counter()

    def is_open(self, session: str) -> bool:
        """Return whether a connection listens for a session."""
        return not self.is_tracked or self._connections[session] > 0

    def add(self, session: str, count: int) -> None:
        """Count connections that were opened, or closed where `count` is negative."""
        self._connections[session] += count
        if self._connections[session] <= 0:
            del self._connections[session]
