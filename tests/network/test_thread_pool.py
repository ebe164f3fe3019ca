import threading
import time

import pytest
import torch

from style_transfer.network.thread_pool import ThreadPool, single_threaded


@pytest.fixture(params=[1, 2, 3])
def count(request):
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


def test_every_block_is_done_once_by_threads_with_a_core_each(count):
    done, counts = [], set()

    def work(blocks):
        counts.add(torch.get_num_threads())
        done.extend(blocks)

    ThreadPool().map_blocks(work, range(0, 100, 3))
    assert sorted(done) == list(range(0, 100, 3))
    assert counts == {1}
    assert torch.get_num_threads() == count


def test_a_single_block_is_left_to_torchs_own_threads(count):
    found = []
    ThreadPool().map_blocks(
        lambda blocks: found.append((list(blocks), torch.get_num_threads())), range(1)
    )
    assert found == [([0], count)]


@pytest.mark.usefixtures("count")
def test_an_error_in_a_thread_is_raised():
    def work(blocks):
        raise ArithmeticError("lost")

    with pytest.raises(ArithmeticError, match="lost"):
        ThreadPool().map_blocks(work, range(5))


@pytest.mark.usefixtures("count")
def test_blocks_are_computed_without_a_graph():
    enabled = []
    ThreadPool().map_blocks(lambda blocks: enabled.append(torch.is_grad_enabled()), range(4))
    assert not any(enabled)
    assert torch.is_grad_enabled()


def test_no_thread_is_left_after_a_call(count):
    before = threading.enumerate()
    ThreadPool().map_blocks(list, range(9))
    assert threading.enumerate() == before


def test_threads_last_from_call_to_call_while_the_pool_is_running(count):
    pool, before, used = ThreadPool(), threading.enumerate(), []
    with pool.running():
        for _ in range(5):
            with pool.running():
                pool.map_blocks(lambda blocks: used.append(threading.current_thread()), range(9))
    assert len(set(used)) <= count
    assert threading.enumerate() == before


def test_the_calling_thread_computes_too_and_waits_for_the_others(count):
    alive, computing = threading.Barrier(count), set()

    def work(blocks):
        next(blocks)
        alive.wait(10)  # each thread has a block
        computing.add(threading.current_thread())

    ThreadPool().map_blocks(work, range(max(count, 2)))
    assert threading.current_thread() in computing
    assert len(computing) == count


@pytest.mark.usefixtures("count")
def test_an_error_in_the_calling_thread_waits_for_the_others():
    caller, ended = threading.current_thread(), []

    def work(blocks):
        if threading.current_thread() is caller:
            raise ArithmeticError("lost")
        time.sleep(0.05)
        ended.append(threading.current_thread())

    with pytest.raises(ArithmeticError, match="lost"):
        ThreadPool().map_blocks(work, range(5))
    assert len(ended) == torch.get_num_threads() - 1


def test_a_pool_works_again_after_it_has_ended(count):
    pool, done = ThreadPool(), []
    for _ in range(2):
        with pool.running():
            pool.map_blocks(done.extend, range(3))
    assert sorted(done) == [0, 0, 1, 1, 2, 2]


def test_each_thread_has_buffers_of_its_own():
    places, pool = {}, ThreadPool()

    def take(name):
        one, two = pool.buffers(10, 20)
        assert (one.numel(), two.numel()) == (10, 20)
        one.fill_(name)
        barrier.wait()
        places[name] = set(one.tolist())

    barrier = threading.Barrier(2)
    others = [threading.Thread(target=take, args=(name,)) for name in range(2)]
    for other in others:
        other.start()
    for other in others:
        other.join()
    assert places == {0: {0.0}, 1: {1.0}}


def test_single_threaded_work_leaves_other_threads_theirs(count):
    assert single_threaded(lambda: torch.get_num_threads()) == 1
    assert torch.get_num_threads() == count
    with pytest.raises(ArithmeticError, match="lost"):
        single_threaded(fail)
    assert torch.get_num_threads() == count


def fail():
    raise ArithmeticError("lost")
