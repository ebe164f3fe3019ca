import threading
import time

from style_transfer.runs.scheduler import Turns


def test_turns_are_taken_in_the_order_they_were_asked_for():
    turns, order = Turns(), []

    def work(number):
        with turns:
            order.append(number)

    with turns:
        threads = []
        for number in range(8):
            threads.append(threading.Thread(target=work, args=(number,)))
            threads[-1].start()
            while len(turns._waiting) < number + 2:
                time.sleep(0.001)
    for thread in threads:
        thread.join()
    assert order == list(range(8))


def test_a_turn_that_fails_is_given_back_and_the_pace_counts_all():
    turns = Turns()
    try:
        with turns:
            raise MemoryError
    except MemoryError:
        pass
    with turns:
        pass
    assert turns.per_second == 0.2
