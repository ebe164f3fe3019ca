import threading
import time

import pytest

from style_transfer.runs.admission import AdmissionQueue


def test_places_are_given_in_the_order_of_arrival():
    queue = AdmissionQueue(places=2, waiting=9, each=2)
    tickets = [queue.join() for _ in range(4)]
    assert [queue.ahead(ticket) for ticket in tickets] == [0, 0, 1, 2]
    assert queue.waiting == 2
    queue.leave(tickets[0])
    assert [queue.ahead(ticket) for ticket in tickets[1:]] == [0, 0, 1]


def test_whoever_waits_may_leave_and_is_not_waited_for():
    queue = AdmissionQueue(places=1, waiting=9, each=2)
    first, second, third = (queue.join() for _ in range(3))
    queue.leave(second)
    queue.leave(second)
    assert queue.ahead(third) == 1
    queue.leave(first)
    assert queue.ahead(third) == 0


def test_a_full_queue_refuses_in_one_sentence_until_somebody_leaves():
    queue = AdmissionQueue(places=1, waiting=2, each=2)
    tickets = [queue.join() for _ in range(3)]
    with pytest.raises(ValueError, match=r"All places are taken and 2 runs wait; please try"):
        queue.join()
    queue.leave(tickets[1])
    queue.join()


def test_waiting_ends_as_soon_as_somebody_ahead_leaves():
    queue = AdmissionQueue(places=1, waiting=9, each=2)
    first, second = queue.join(), queue.join()
    leaving = threading.Timer(0.05, queue.leave, [first])
    leaving.start()
    began = time.monotonic()
    queue.wait(second, 20)
    assert time.monotonic() - began < 15
    assert queue.waiting == 0
    leaving.join()


def test_a_visitor_has_some_of_the_places_and_others_still_find_one():
    queue = AdmissionQueue(places=1, waiting=9, each=2)
    first, _ = queue.join("one"), queue.join("one")
    with pytest.raises(ValueError, match=r"You have 2 runs .*; stop one of them"):
        queue.join("one")
    queue.join("another")
    queue.leave(first)
    queue.join("one")


def test_who_uses_this_machine_alone_may_have_all_places():
    queue = AdmissionQueue(places=1, waiting=2, each=1)
    for _ in range(3):
        queue.join()


def test_a_paused_run_leaves_its_place_to_others_and_has_one_when_it_goes_on():
    queue = AdmissionQueue(places=1, waiting=9, each=9)
    paused, second, third = (queue.join() for _ in range(3))
    queue.pause(paused)
    assert [queue.ahead(each) for each in (paused, second, third)] == [0, 0, 1]
    queue.pause(paused, False)
    assert [queue.ahead(each) for each in (paused, second, third)] == [0, 0, 2]
    assert queue.waiting == 1
    queue.leave(paused)
    assert queue.ahead(third) == 1
    queue.leave(second)
    assert queue.ahead(third) == 0


def test_a_run_that_leaves_while_it_is_paused_leaves_one_place_and_not_two():
    queue = AdmissionQueue(places=1, waiting=9, each=9)
    paused, _, third = (queue.join() for _ in range(3))
    queue.pause(paused)
    queue.leave(paused)
    assert queue.ahead(third) == 1


def test_who_waits_and_who_has_left_have_no_place_to_leave_to_others():
    queue = AdmissionQueue(places=1, waiting=9, each=9)
    first, second, third = (queue.join() for _ in range(3))
    queue.pause(second)
    queue.leave(first)
    queue.pause(first)
    assert [queue.ahead(each) for each in (second, third)] == [0, 1]
