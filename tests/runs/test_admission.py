"""The line in front of the device."""

import threading

from style_transfer.runs.admission import Line


def test_places_are_given_in_the_order_of_arrival():
    line = Line(places=2)
    tickets = [line.join() for _ in range(4)]
    assert [line.before(ticket) for ticket in tickets] == [0, 0, 1, 2]
    line.leave(tickets[0])
    assert [line.before(ticket) for ticket in tickets[1:]] == [0, 0, 1]


def test_whoever_waits_may_leave_and_is_not_waited_for():
    line = Line(places=1)
    first, second, third = (line.join() for _ in range(3))
    line.leave(second)
    line.leave(second)
    assert line.before(third) == 1
    line.leave(first)
    assert line.before(third) == 0


def test_waiting_ends_as_soon_as_somebody_goes():
    line = Line(places=1)
    first, second = line.join(), line.join()
    clock = threading.Timer(0.05, line.leave, [first])
    clock.start()
    line.wait(second, 20)
    assert line.before(second) == 0
