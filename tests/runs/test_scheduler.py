import threading
import time

from style_transfer.runs.scheduler import Scheduler


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


def test_a_step_that_fails_gives_the_device_back_and_is_counted():
    scheduler = Scheduler()
    try:
        with scheduler:
            raise MemoryError
    except MemoryError:
        pass
    with scheduler:
        pass
    assert scheduler.steps_per_second == 0.2
