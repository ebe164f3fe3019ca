"""How many threads BLAS and OpenMP use: limited for a call, or for one thread."""

import ctypes
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path

import torch
from threadpoolctl import LibController, ThreadpoolController


class BlasLimit:
    """Context in which BLAS starts no threads, for calls from threads that have a core each.

    The setting is the process's, in the BLAS library itself. So the uses of all threads are
    counted: the first sets it, the last restores it.
    """

    def __init__(self) -> None:
        self._lock, self._users = threading.Lock(), 0
        self._before: list[tuple[LibController, int]] = []

    def __enter__(self) -> None:
        with self._lock:
            if not self._users:
                self._before = [(each, each.get_num_threads()) for each in _blas_libraries()]
                for library, _ in self._before:
                    library.set_num_threads(1)
            self._users += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._users -= 1
            if not self._users:
                for library, count in self._before:
                    library.set_num_threads(count)


single_threaded_blas = BlasLimit()  # one, as the setting is one for the process


def use_one_core() -> None:
    """Have torch use no other threads to help the present one; other threads keep theirs.

    torch.set_num_threads would also change the default of threads that start later.
    """
    # Initialises this thread's OpenMP setting, which would otherwise override the limit later.
    torch.get_num_threads()
    _libraries().select(user_api="openmp").limit(limits=1)
    if limit_mkl := _mkl_limit():
        limit_mkl(1)


@contextmanager
def one_core() -> Iterator[None]:
    """Have torch use no other threads to help the present one, within this context."""
    count = torch.get_num_threads()  # this thread's OpenMP setting, see `use_one_core`
    limit_mkl = _mkl_limit()
    before = limit_mkl(1) if limit_mkl else 0
    for library in _openmp_libraries():
        library.set_num_threads(1)
    try:
        yield
    finally:
        for library in _openmp_libraries():
            library.set_num_threads(count)
        if limit_mkl:
            limit_mkl(before)


def blas_architectures() -> set[str]:
    """Return the CPUs that the BLAS libraries chose their kernels for, as they call them."""
    return {each["architecture"] for each in _libraries().info() if "architecture" in each}


@cache
def _libraries() -> ThreadpoolController:
    import_module("scipy.linalg.cython_blas")  # loads the BLAS that numba calls
    return ThreadpoolController()


@cache
def _mkl_limit() -> Callable[[int], int] | None:
    """Return what sets how many threads MKL takes in the calling thread; None without MKL.

    MKL is a part of torch's library, where threadpoolctl does not see it. Once
    torch.set_num_threads was called, it no longer follows OpenMP's setting.
    """
    try:
        library = ctypes.CDLL(str(Path(torch.__file__).parent / "lib" / "libtorch_cpu.so"))
    except OSError:  # another system, on which torch comes without MKL or links it otherwise
        return None
    return getattr(library, "MKL_Set_Num_Threads_Local", None)


@cache
def _openmp_libraries() -> list[LibController]:
    found: list[LibController] = _libraries().select(user_api="openmp").lib_controllers
    return found


@cache
def _blas_libraries() -> list[LibController]:
    found: list[LibController] = _libraries().select(user_api="blas").lib_controllers
    return found
