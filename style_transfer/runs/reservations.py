"""Memory reservations: the memory of all runs together stays below what there is."""

import threading
from collections.abc import Callable

from style_transfer.runs.free_memory import release_caches
from style_transfer.runs.memory import RunMemory, Size, check_memory, gigabytes


class Reservation:
    """Memory set aside for one run until `release`."""

    def __init__(self, memory: RunMemory, reservations: "MemoryReservations") -> None:
        self.memory = memory
        self._reservations = reservations

    def change(self, memory: RunMemory) -> None:
        """Reserve `memory` instead. Raises ValueError, one sentence, where it is not free."""
        self._reservations.change(self, memory)

    def release(self) -> None:
        """Give the memory back; a second time does nothing."""
        self._reservations.remove(self)


class MemoryReservations:
    """What runs have reserved of the memory of a device on which they make their steps in turn.

    Available memory already lacks what runs have allocated, but not what they have only reserved;
    so capacity is what was available before the first reservation, corrected where that can no
    longer be: it lies between what is available now and that plus all that is reserved.
    """

    def __init__(self, available: Callable[[], int | None]) -> None:
        """`available` returns the bytes that can be had now, None where that is unknown."""
        self._available = available
        self._reservations: list[Reservation] = []
        self._capacity = 0
        self._lock = threading.Lock()

    def fits(self, memory: RunMemory) -> bool:
        """Return whether `memory` can be reserved now."""
        with self._lock:
            free = self._free_after_release(memory)
        return free is None or memory.total <= free

    def has_room(self, memory: RunMemory) -> bool:
        """Return whether `memory` is free as it is, without the release of caches."""
        with self._lock:
            free = self._free(memory)
        return free is None or memory.total <= free

    def check(self, size: Size, memory: RunMemory) -> None:
        """Raise ValueError, one sentence, where a picture of `size` does not fit now."""
        with self._lock:
            self._check(size, memory)

    def reserve(self, size: Size, memory: RunMemory) -> Reservation:
        """Return a reservation of `memory`. Raises ValueError where `check` does."""
        with self._lock:
            self._check(size, memory)
            reservation = Reservation(memory, self)
            self._reservations.append(reservation)
        return reservation

    def change(self, reservation: Reservation, memory: RunMemory) -> None:
        """Let a reservation that lasts be of `memory`. Raises ValueError, one sentence."""
        with self._lock:
            if reservation not in self._reservations:  # its run has ended
                return
            free = self._free_after_release(memory, reservation)
            more = memory.total > reservation.memory.total
            if more and free is not None and memory.total > free:
                raise ValueError(
                    f"That needs {gigabytes(memory.total)} of memory, and {gigabytes(free)} are "
                    "free; choose a smaller size, smaller strokes or style pictures."
                )
            reservation.memory = memory

    def remove(self, reservation: Reservation) -> None:
        """Give the memory of a reservation back; a second time does nothing."""
        with self._lock:
            if reservation in self._reservations:
                self._reservations.remove(reservation)

    def _check(self, size: Size, memory: RunMemory) -> None:
        check_memory(size, memory.total, self._free_after_release(memory))

    def _free_after_release(
        self, memory: RunMemory, instead_of: Reservation | None = None
    ) -> int | None:
        """Return what `_free` does, after the release of caches where it is too little."""
        free = self._free(memory, instead_of)
        if free is not None and memory.total > free:
            release_caches()
            free = self._free(memory, instead_of)
        return free

    def _free(self, memory: RunMemory, instead_of: Reservation | None = None) -> int | None:
        """Return how many bytes a run that takes `memory` can have; None where that is unknown.

        `instead_of` is the reservation that the run has and would give back.
        """
        available = self._available()
        if available is None:
            return None
        held = sum(each.memory.held for each in self._reservations)
        step = max((each.memory.step for each in self._reservations), default=0)
        self._capacity = max(available, min(self._capacity, available + held + step))
        others = [each.memory for each in self._reservations if each is not instead_of]
        held = sum(each.held for each in others)
        step = max((each.step for each in others), default=0)
        # The largest step counts for all, so a run with a smaller one has that much less.
        return max(0, self._capacity - held - max(0, step - memory.step))
