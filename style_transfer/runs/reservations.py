"""Memory reservations: the memory of all runs together stays below what there is."""

import threading
from collections.abc import Callable

from style_transfer.runs.memory import SHARED, Size, check_memory
from style_transfer.runtime import release_free_memory


class Reservation:
    """Memory set aside for one run until `release`."""

    def __init__(self, release: Callable[["Reservation"], None], size: int) -> None:
        self.size = size  # bytes
        self._release = release

    def release(self) -> None:
        """Give the memory back; a second time does nothing."""
        self._release(self)


class MemoryReservations:
    """What runs have reserved of the memory of one device.

    What a run under way has reserved may be in use already, and then is missing from what the
    system calls available, or not yet. So the capacity is what was available before the first
    reservation, corrected where that can no longer be: it lies between what is available now and
    that plus all that is reserved.
    """

    def __init__(self, available: Callable[[], int | None]) -> None:
        """`available` returns the bytes that can be had now, None where that is unknown."""
        self._available = available
        self._reserved: list[Reservation] = []
        self._capacity = 0
        self._lock = threading.Lock()

    @property
    def free(self) -> int | None:
        """How many bytes another run may reserve; None where that is unknown."""
        with self._lock:
            return self._free()

    def has(self, needed: int) -> bool:
        """Return whether `needed` bytes could be reserved."""
        free = self.free
        return free is None or needed <= free

    def reserve(self, picture: Size, needed: int) -> Reservation:
        """Return a reservation of `needed` bytes for a `picture` of that height and width.

        Raises ValueError, one sentence, where they are not free.
        """
        with self._lock:
            free = self._free()
            if free is not None and needed > free:
                release_free_memory()  # which the C library may still hold of runs that ended
                free = self._free()
            check_memory(picture, needed, free)
            reservation = Reservation(self._remove, needed)
            self._reserved.append(reservation)
            return reservation

    def _free(self) -> int | None:
        available = self._available()
        if available is None:
            return None
        if not self._reserved:
            self._capacity = available
            return available
        # The network is part of each run's need, but there is only one of it.
        reserved = round(sum(each.size - SHARED for each in self._reserved) + SHARED)
        self._capacity = max(available, min(self._capacity, available + reserved))
        return max(0, self._capacity - reserved + round(SHARED))

    def _remove(self, reservation: Reservation) -> None:
        with self._lock:
            if reservation in self._reserved:
                self._reserved.remove(reservation)
