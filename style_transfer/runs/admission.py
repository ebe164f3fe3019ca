"""The admission queue: who may start a run, and how many are ahead of everybody else."""

import threading

from style_transfer.runs.limits import OWN_MACHINE


class AdmissionQueue:
    """A bounded queue in front of a number of places, served in the order of arrival.

    A paused run leaves its place to others, and has one again as soon as it goes on.
    """

    def __init__(self, places: int, waiting: int, each: int) -> None:
        """Let `places` run at a time, and at most `waiting` more stand in the queue.

        At most `each` of all these are of one visitor.
        """
        self._places, self._capacity, self._each = places, places + waiting, each
        self._tickets: dict[object, str] = {}  # with their visitor, in the order of arrival
        self._placed, self._paused = set[object](), set[object]()  # the latter are of the former
        self._changed = threading.Condition()

    def join(self, visitor: str = OWN_MACHINE) -> object:
        """Return a new ticket, the last of the queue. Raises ValueError where there is none left.

        `visitor` is whose it is; OWN_MACHINE may have all of them.
        """
        ticket = object()
        with self._changed:
            if len(self._tickets) >= self._capacity:
                raise ValueError(
                    f"All places are taken and {self._capacity - self._places} runs wait; "
                    "please try again in some minutes."
                )
            theirs = list(self._tickets.values()).count(visitor)
            if visitor != OWN_MACHINE and theirs >= self._each:
                raise ValueError(
                    f"You have {self._each} runs that paint, pause or wait, which is the limit "
                    "for one visitor; stop one of them."
                )
            self._tickets[ticket] = visitor
            self._place()
        return ticket

    def pause(self, ticket: object, paused: bool = True) -> None:
        """Let others have the place of `ticket` for a while, or take it back where not `paused`."""
        with self._changed:
            if paused and ticket in self._placed:
                self._paused.add(ticket)
            elif not paused:
                self._paused.discard(ticket)
            self._place()

    def leave(self, ticket: object) -> None:
        """Give back a ticket, whether it has a place or waits; a second time does nothing."""
        with self._changed:
            self._tickets.pop(ticket, None)
            self._placed.discard(ticket)
            self._paused.discard(ticket)
            self._place()

    @property
    def is_full(self) -> bool:
        """Whether the next one would be refused."""
        with self._changed:
            return len(self._tickets) >= self._capacity

    @property
    def waiting(self) -> int:
        """How many tickets have no place yet."""
        with self._changed:
            return len(self._tickets) - len(self._placed)

    def ahead(self, ticket: object) -> int:
        """Return how many must leave before `ticket` has a place; 0 if it has one."""
        with self._changed:
            return self._ahead(ticket)

    def wait(self, ticket: object, seconds: float) -> None:
        """Return as soon as the number ahead of `ticket` changes, at the latest after `seconds`."""
        with self._changed:
            ahead = self._ahead(ticket)
            self._changed.wait_for(lambda: self._ahead(ticket) != ahead, seconds)

    @property
    def _active(self) -> int:
        return len(self._placed) - len(self._paused)

    def _place(self) -> None:
        """Give free places to those who wait, in their order."""
        for ticket in self._tickets:
            if self._active >= self._places:
                break
            self._placed.add(ticket)
        self._changed.notify_all()

    def _ahead(self, ticket: object) -> int:
        waiting = [each for each in self._tickets if each not in self._placed]
        if ticket not in waiting:
            return 0
        # More than there are places run where a paused run went on.
        return waiting.index(ticket) + 1 + self._active - self._places
