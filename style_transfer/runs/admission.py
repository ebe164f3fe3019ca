"""The line of visitors who wait for a place at the device."""

import threading

from style_transfer.runs.limits import limits


class Line:
    """Places given in the order of arrival; whoever waits can tell how many are before."""

    def __init__(self, places: int | None = None, waiting: int | None = None) -> None:
        self._places = limits().runs if places is None else places
        self._longest = self._places + (limits().waiting if waiting is None else waiting)
        self._tickets: list[object] = []
        self._moved = threading.Condition()

    def join(self) -> object:
        """Return a ticket, the last in the line. Raises ValueError where the line is full."""
        ticket = object()
        with self._moved:
            if len(self._tickets) >= self._longest:
                raise ValueError(
                    f"All places are taken and {self._longest - self._places} runs wait; "
                    "please try again in some minutes."
                )
            self._tickets.append(ticket)
        return ticket

    def leave(self, ticket: object | None) -> None:
        """Give back a ticket, at the device or before; a second time does nothing."""
        with self._moved:
            if ticket in self._tickets:
                self._tickets.remove(ticket)
            self._moved.notify_all()

    @property
    def waiting(self) -> int:
        """How many have no place yet."""
        with self._moved:
            return max(0, len(self._tickets) - self._places)

    def before(self, ticket: object) -> int:
        """Return how many must go before the ticket has a place; 0 if it has one."""
        with self._moved:
            return self._before(ticket)

    def wait(self, ticket: object, seconds: float) -> None:
        """Return as soon as the number before the ticket changes, at the latest after `seconds`."""
        with self._moved:
            now = self._before(ticket)
            self._moved.wait_for(lambda: self._before(ticket) != now, seconds)

    def _before(self, ticket: object) -> int:
        if ticket not in self._tickets:
            return 0
        return max(0, self._tickets.index(ticket) - self._places + 1)
