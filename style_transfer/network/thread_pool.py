"""ThreadPool: threads that each compute blocks of a convolution, one core each."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import TypeVar

import torch
from torch import Tensor

from style_transfer.network.thread_limits import one_core, use_one_core

T = TypeVar("T")


class ThreadPool:
    """Threads and their work buffers, which last as long as somebody is in `running()`."""

    def __init__(self) -> None:
        # Reentrant because the garbage collector may close a run, and leave `running()`, anywhere.
        self._lock, self._users = threading.RLock(), 0
        self._executors: dict[int, ThreadPoolExecutor] = {}  # by number of threads
        self._local = threading.local()  # each thread has a work buffer of its own

    @contextmanager
    def running(self) -> Iterator[None]:
        """Keep the threads from one call to the next; those that run at the end are ended."""
        with self._lock:
            self._users += 1
        try:
            yield
        finally:
            idle = list[ThreadPoolExecutor]()
            with self._lock:
                self._users -= 1
                if not self._users:
                    idle.extend(self._executors.values())
                    self._executors, self._local = {}, threading.local()
            for executor in idle:
                executor.shutdown()

    def map_blocks(self, work: Callable[[Iterator[int]], None], blocks: range) -> None:
        """Call `work` in as many threads as torch may use here, each with the same iterator.

        A thread that is done with a block takes the next one. A block then stays in one core's
        cache, and no operation has to wait for a barrier. The calling thread is one of them: it has
        a core already, where two that are woken at once may share one for the first milliseconds.
        A single block is computed with torch's own threads.
        """
        starts, count = iter(blocks), torch.get_num_threads()

        def share() -> None:
            with torch.no_grad():
                work(starts)

        if len(blocks) <= 1 or count == 1:
            share()
            return
        with self.running(), one_core():
            others = [self._executor(count - 1).submit(share) for _ in range(count - 1)]
            try:
                share()
            finally:
                wait(others)
            for other in others:
                other.result()

    def buffers(self, *sizes: int) -> tuple[Tensor, ...]:
        """Return float32 work buffers of this thread; what they held is lost."""
        size, local = sum(sizes), self._local
        if getattr(local, "buffer", None) is None or local.buffer.numel() < size:
            local.buffer, local.parts = torch.empty(size, dtype=torch.float32), {}
        if sizes not in local.parts:  # views take as long as a small block
            local.parts[sizes] = local.buffer[:size].split(sizes)
        found: tuple[Tensor, ...] = local.parts[sizes]
        return found

    def _executor(self, count: int) -> ThreadPoolExecutor:
        with self._lock:
            if count not in self._executors:
                self._executors[count] = ThreadPoolExecutor(
                    count, "convolution", initializer=use_one_core
                )
            return self._executors[count]


def single_threaded(work: Callable[[], T]) -> T:
    """Return what `work` returns in a thread of its own, where torch takes no others to help."""
    with ThreadPoolExecutor(1, "single", initializer=use_one_core) as executor:
        return executor.submit(work).result()
