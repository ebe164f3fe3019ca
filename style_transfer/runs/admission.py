"""The admission queue: who may start a run, and how many are ahead of everybody else."""

import threading


class AdmissionQueue:
    """A bounded queue in front of a number of places, served in the order of arrival."""

    def __init__(self, places: int, waiting: int) -> None:
        """Let `places` run at a time, and at most `waiting` more stand in the queue."""
        self._places, self._capacity = places, places + waiting
        self._tickets: list[object] = []
        self._changed = threading.Condition()

    def join(self) -> object:
        """Return a new ticket, the last of the queue. Raises ValueError if the queue is full."""
        ticket = object()
        with self._changed:
            if len(self._tickets) >= self._capacity:
                raise ValueError(
                    f"All places are taken and {self._capacity - self._places} runs wait; "
                    "please try again in some minutes."
                )
            self._tickets.append(ticket)
        return ticket

    def leave(self, ticket: object | None) -> None:
        """Give back a ticket, whether it has a place or waits; a second time does nothing."""
        with self._changed:
            if ticket in self._tickets:
                self._tickets.remove(ticket)
            self._changed.notify_all()

    @property
    def waiting(self) -> int:
        """How many tickets have no place yet."""
        with self._changed:
            return max(0, len(self._tickets) - self._places)

    def ahead(self, ticket: object) -> int:
        """Return how many must leave before `ticket` has a place; 0 if it has one."""
        with self._changed:
            return self._ahead(ticket)

    def wait(self, ticket: object, seconds: float) -> None:
        """Return as soon as the number ahead of `ticket` changes, at the latest after `seconds`."""
        with self._changed:
            ahead = self._ahead(ticket)
            self._changed.wait_for(lambda: self._ahead(ticket) != ahead, seconds)

    def _ahead(self, ticket: object) -> int:
        if ticket not in self._tickets:
            return 0
        return max(0, self._tickets.index(ticket) - self._places + 1)
