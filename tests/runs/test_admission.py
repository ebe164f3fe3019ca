import threading

import pytest

from style_transfer.runs.admission import AdmissionQueue


def test_places_are_given_in_the_order_of_arrival():
    queue = AdmissionQueue(places=2, waiting=9)
    tickets = [queue.join() for _ in range(4)]
    assert [queue.ahead(ticket) for ticket in tickets] == [0, 0, 1, 2]
    assert queue.waiting == 2
    queue.leave(tickets[0])
    assert [queue.ahead(ticket) for ticket in tickets[1:]] == [0, 0, 1]


def test_whoever_waits_may_leave_and_is_not_waited_for():
    queue = AdmissionQueue(places=1, waiting=9)
    first, second, third = (queue.join() for _ in range(3))
    queue.leave(second)
    queue.leave(second)
    assert queue.ahead(third) == 1
    queue.leave(first)
    assert queue.ahead(third) == 0


def test_a_full_queue_refuses_in_one_sentence_until_somebody_leaves():
    queue = AdmissionQueue(places=1, waiting=2)
    tickets = [queue.join() for _ in range(3)]
    with pytest.raises(ValueError, match=r"All places are taken and 2 runs wait; please try"):
        queue.join()
    queue.leave(tickets[1])
    queue.join()


def test_waiting_ends_as_soon_as_somebody_ahead_leaves():
    queue = AdmissionQueue(places=1, waiting=9)
    first, second = queue.join(), queue.join()
    leaving = threading.Timer(0.05, queue.leave, [first])
    leaving.start()
    queue.wait(second, 20)
    assert queue.ahead(second) == 0
    leaving.join()
