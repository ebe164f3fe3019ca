import threading
import time

import pytest

from style_transfer.runs.scheduler import RATE_WINDOW, Scheduler, StepRate


def test_the_device_is_given_in_the_order_of_asking():
    scheduler, order = Scheduler(), []

    def work(number):
        with scheduler:
            order.append(number)

    with scheduler:
        threads = []
        for number in range(8):
            threads.append(threading.Thread(target=work, args=(number,)))
            threads[-1].start()
            while len(scheduler._waiting) < number + 2:
                time.sleep(0.001)
    for thread in threads:
        thread.join()
    assert order == list(range(8))


def test_a_step_that_fails_gives_the_device_back():
    scheduler = Scheduler()
    try:
        with scheduler:
            raise MemoryError
    except MemoryError:
        pass
    with scheduler:
        pass
    assert scheduler.turns == 2


def test_who_is_interrupted_while_waiting_for_the_device_keeps_it_from_nobody(monkeypatch):
    scheduler = Scheduler()

    def interrupt(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(scheduler._changed, "wait_for", interrupt)
        with pytest.raises(KeyboardInterrupt), scheduler:
            pass
    assert not scheduler._waiting


def test_however_many_steps_are_made_in_a_second_all_of_the_last_ten_seconds_count(monkeypatch):
    now, rate = [100.0], StepRate()
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    rate.add(2000)
    now[0] += RATE_WINDOW / 2
    for _ in range(1000):
        rate.add()
    assert rate.per_second == 300
    now[0] += RATE_WINDOW / 2
    assert rate.per_second == 100
