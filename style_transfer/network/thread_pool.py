"""Threads that each compute blocks of their own, one core each."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch
from torch import Tensor

T = TypeVar("T")
_pools: dict[int, ThreadPoolExecutor] = {}
_starting = threading.Lock()
_local = threading.local()  # each thread has a work buffer of its own


def spread(work: Callable[[Iterator[int]], None], blocks: range) -> None:
    """Call `work` in as many threads as torch may use here, each with the same iterator of blocks.

    Who is done with a block takes the next one. A block then stays in one core's cache, and no
    operation has to wait for a barrier.
    """
    starts = iter(blocks)

    def share(_: object = None) -> None:
        with torch.no_grad():
            work(starts)

    pool = _pool() if len(blocks) > 1 else None
    share() if pool is None else list(pool.map(share, range(torch.get_num_threads())))


def alone(work: Callable[[], T]) -> T:
    """Return what `work` returns in a thread of its own, where torch takes no others to help."""
    with _starting:
        if 1 not in _pools:
            count = torch.get_num_threads()
            _pools[1] = ThreadPoolExecutor(1, "alone", initializer=_one_thread)
            _pools[1].submit(int).result()
            torch.set_num_threads(count)  # see `_pool`
    return _pools[1].submit(work).result()


def buffers(*sizes: int) -> tuple[Tensor, ...]:
    """Return float32 work buffers of this thread; what they held is lost."""
    size = sum(sizes)
    if getattr(_local, "buffer", None) is None or _local.buffer.numel() < size:
        _local.buffer = torch.empty(size)
    return _local.buffer[:size].split(sizes)


def _pool() -> ThreadPoolExecutor | None:
    count = torch.get_num_threads()
    if count == 1:
        return None
    with _starting:
        if count not in _pools:
            pool = _pools[count] = ThreadPoolExecutor(count, "worker", initializer=_one_thread)
            barrier = threading.Barrier(count)
            # patient, but not for ever: Ctrl-C may come before all of them are there
            list(pool.map(lambda _: barrier.wait(60), range(count)))
            # the workers' setting is theirs, but also the default of new threads
            torch.set_num_threads(count)
        return _pools[count]


def _one_thread() -> None:
    torch.set_num_threads(1)
    torch.get_num_threads()  # otherwise this thread would take on the process's number later
