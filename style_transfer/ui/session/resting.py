"""RestingStates: what pictures at rest keep in memory, within a limit of bytes."""

import threading
from weakref import ref

from style_transfer.runs import MEGABYTE, OWN_MACHINE, Limits
from style_transfer.ui.session.record import RunRecord


class RestingStates:
    """The states of pictures at rest: of each visitor and in all a bounded number of bytes.

    Beyond it those at rest for longest are put away: their states then lie on disk alone.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._resting: list[tuple[str, ref[RunRecord]]] = []  # of which visitor, oldest first
        self._lock = threading.Lock()

    def add(self, visitor: str, record: RunRecord) -> None:
        """Take note that a record of a visitor has come to rest, and its checkpoint is written."""
        with self._lock:
            others = [each for each in self._resting if each[1]() is not record]
            self._resting = [*others, (visitor, ref(record))]
            if visitor != OWN_MACHINE:
                theirs = [each for each in self._sizes() if each[0] == visitor]
                self._put_away(theirs, self._limits.visitor_resting)
            self._put_away(self._sizes(), self._limits.resting)

    @property
    def nbytes(self) -> int:
        """How many bytes all of them take."""
        with self._lock:
            return sum(size for _, _, size in self._sizes())

    def _sizes(self) -> list[tuple[str, RunRecord, int]]:
        """Return visitor, record and bytes of those in memory; forget the others."""
        alive = [(visitor, record()) for visitor, record in self._resting]
        sizes = [(visitor, each, each.resting_bytes) for visitor, each in alive if each]
        sizes = [each for each in sizes if each[2]]
        self._resting = [(visitor, ref(record)) for visitor, record, _ in sizes]
        return sizes

    def _put_away(self, sizes: list[tuple[str, RunRecord, int]], most: int) -> None:
        excess = sum(size for _, _, size in sizes) - most * MEGABYTE
        for _, record, size in sizes:
            if excess <= 0:
                return
            record.put_away()
            excess -= size
