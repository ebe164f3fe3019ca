import threading

import pytest
import torch

from style_transfer.network.thread_pool import alone, buffers, spread


@pytest.fixture(params=[1, 2, 3])
def threads(request):
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


def test_every_block_is_done_once_by_threads_that_compute_alone(threads):
    done, counts = [], set()

    def work(blocks):
        counts.add(torch.get_num_threads())
        done.extend(blocks)

    spread(work, range(0, 100, 3))
    assert sorted(done) == list(range(0, 100, 3))
    assert counts == {1}
    assert torch.get_num_threads() == threads


def test_a_single_block_is_left_to_torchs_own_threads(threads):
    found = []
    spread(lambda blocks: found.append((list(blocks), torch.get_num_threads())), range(1))
    assert found == [([0], threads)]


def test_what_goes_wrong_in_a_thread_is_heard_of(threads):
    def work(blocks):
        raise ArithmeticError("lost")

    with pytest.raises(ArithmeticError, match="lost"):
        spread(work, range(5))


def test_work_is_done_without_a_graph(threads):
    enabled = []
    spread(lambda blocks: enabled.append(torch.is_grad_enabled()), range(4))
    assert not any(enabled)
    assert torch.is_grad_enabled()


def test_each_thread_has_buffers_of_its_own():
    places = {}

    def take(name):
        one, two = buffers(10, 20)
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


def test_work_alone_has_one_thread_and_leaves_the_others_theirs(threads):
    assert alone(lambda: torch.get_num_threads()) == 1
    assert torch.get_num_threads() == threads
    with pytest.raises(ArithmeticError, match="lost"):
        alone(fail)
    assert torch.get_num_threads() == threads


def fail():
    raise ArithmeticError("lost")
