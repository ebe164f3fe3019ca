"""The decoding processes of a program, and the line of those who wait for one of them."""

import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager

from style_transfer.decoding import limits
from style_transfer.decoding.decoder import Decoder

_BUSY = "Too many pictures are being read at the moment; try again in a few seconds."


class DecoderPool:
    """A few decoders, lent to one thread at a time and replaced where they end."""

    def __init__(
        self,
        decoders: int = limits.DECODERS,
        waiting: int = limits.WAITING,
        seconds: float = limits.SECONDS,
    ) -> None:
        """Begin without processes; each is started when it is needed, or by `warm`."""
        self._decoders, self._most_waiting, self._seconds = decoders, waiting, seconds
        self.idle: list[Decoder] = []
        self.waiting = 0  # threads, for a decoder
        self._lent = 0
        self._changed = threading.Condition()
        weakref.finalize(self, _end_all, self.idle)  # also where the program ends

    @contextmanager
    def lend(self) -> Iterator[Decoder]:
        """Lend a decoder, when it is this thread's turn.

        Raises ValueError, one sentence, where too many wait, or it takes too long.
        """
        with self._changed:
            self._wait()
            self._lent += 1
            decoder = self._living()
        try:
            decoder = decoder or Decoder(self._seconds)
            yield decoder
        finally:
            with self._changed:
                self._lent -= 1
                if decoder:
                    self.idle.append(decoder)
                self._changed.notify()

    def warm(self) -> None:
        """Start all processes, without waiting until they are ready."""
        with self._changed:
            while len(self.idle) + self._lent < self._decoders:
                self.idle.append(Decoder(self._seconds))

    def close(self) -> None:
        """End the processes that have nothing to do; others are started when they are needed."""
        with self._changed:
            _end_all(self.idle)

    def _wait(self) -> None:
        """Wait until a decoder is free."""
        if self.waiting >= self._most_waiting and not self._is_free():
            raise ValueError(_BUSY)
        self.waiting += 1
        try:
            if not self._changed.wait_for(self._is_free, limits.PATIENCE):
                raise ValueError(_BUSY)
        finally:
            self.waiting -= 1

    def _living(self) -> Decoder | None:
        """Take a decoder that has not ended, if there is one."""
        while self.idle:
            decoder = self.idle.pop()
            if not decoder.has_ended:
                return decoder
            decoder.end()
        return None

    def _is_free(self) -> bool:
        return self._lent < self._decoders


def _end_all(decoders: list[Decoder]) -> None:
    while decoders:
        decoders.pop().end()
