"""The decoding processes of a program, and the line of those who wait for one of them."""

import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager

from style_transfer.decoding import limits
from style_transfer.decoding.decoder import Decoder

_BUSY = "Too many pictures are being read at the moment; try again in a few seconds."


class DecoderPool:
    """A few decoders, each lent to one thread at a time and replaced where it ends.

    What one visitor sent holds up nobody else: others are served first while a file of that visitor
    is being read, and the last decoder is left to them.
    """

    def __init__(
        self,
        decoders: int = limits.DECODERS,
        waiting: int = limits.WAITING,
        waiting_each: int = limits.WAITING_EACH,
        seconds: float = limits.SECONDS,
    ) -> None:
        """Begin without processes; each is started when it is needed, or by `warm`."""
        self._decoders, self._most_waiting, self._seconds = decoders, waiting, seconds
        self._most_waiting_each = waiting_each
        self.idle: list[Decoder] = []
        self._line: dict[object, str] = {}  # visitors of those who wait, in the order of arrival
        self._lent: list[str] = []  # their visitors
        self._changed = threading.Condition()
        weakref.finalize(self, _end_all, self.idle)  # also where the program ends

    @property
    def waiting(self) -> int:
        """How many threads wait for a decoder."""
        return len(self._line)

    @contextmanager
    def lend(self, visitor: str = "") -> Iterator[Decoder]:
        """Lend a decoder, when it is this thread's turn, for a file of `visitor`.

        No limit of each visitor holds for "". Raises ValueError, one sentence, where too many wait,
        or it takes too long.
        """
        with self._changed:
            self._wait(visitor)
            decoder = self._living()
            self._lent.append(visitor)
        try:
            decoder = decoder or Decoder(self._seconds)
            yield decoder
        finally:
            with self._changed:
                self._lent.remove(visitor)
                if decoder:
                    self.idle.append(decoder)
                self._changed.notify_all()

    def warm(self) -> None:
        """Start all processes, without waiting until they are ready."""
        with self._changed:
            while len(self.idle) + len(self._lent) < self._decoders:
                self.idle.append(Decoder(self._seconds))

    def close(self) -> None:
        """End the processes that have nothing to do; others are started when they are needed."""
        with self._changed:
            _end_all(self.idle)

    def _wait(self, visitor: str) -> None:
        """Wait until there is a decoder for this thread."""
        ticket = object()
        self._line[ticket] = visitor
        try:
            if self._next() is not ticket:
                theirs = list(self._line.values()).count(visitor)
                if len(self._line) > self._most_waiting:
                    raise ValueError(_BUSY)
                if visitor and theirs > self._most_waiting_each:
                    raise ValueError(_BUSY)
                if not self._changed.wait_for(lambda: self._next() is ticket, limits.PATIENCE):
                    raise ValueError(_BUSY)
        finally:
            del self._line[ticket]
            self._changed.notify_all()

    def _next(self) -> object | None:
        """Return who is to have a decoder now, the first of those with the fewest; or None."""
        free = self._decoders - len(self._lent)
        waiting = [each for each, visitor in self._line.items() if free > self._left_by(visitor)]
        return min(waiting, key=lambda each: self._lent.count(self._line[each]), default=None)

    def _left_by(self, visitor: str) -> int:
        """Return how many decoders a visitor has to leave to others."""
        return int(visitor in self._lent and visitor != "")

    def _living(self) -> Decoder | None:
        """Take a decoder that has not ended, if there is one."""
        while self.idle:
            decoder = self.idle.pop()
            if not decoder.has_ended:
                return decoder
            decoder.end()
        return None


def _end_all(decoders: list[Decoder]) -> None:
    while decoders:
        decoders.pop().end()
