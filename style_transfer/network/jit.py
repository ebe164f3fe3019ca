"""Functions compiled to machine code by numba: loops that run without the GIL."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from numba import njit
from numba.core.caching import FunctionCache

Function = Callable[..., None]


class _ForgivingCache(FunctionCache):
    """A cache on disk without which everything goes on: damaged entries are made anew.

    So are those of functions whose file or a file of kernels beside it has changed: numba looks at
    the former alone, and what is compiled holds the functions that it calls.
    """

    def __init__(self, function: Function) -> None:
        """Take what is compiled. Raises RuntimeError or OSError where no cache can be written."""
        super().__init__(function)
        self._cache_file._source_stamp = _stamp(Path(function.__code__.co_filename))

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            return super().load_overload(sig, target_context)
        except Exception:  # files of any content, read by pickle, may raise anything
            with suppress(OSError):
                self.flush()
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        with suppress(Exception):  # a full disk, or an index that is damaged, too
            super().save_overload(sig, data)


def _stamp(file: Path) -> tuple[tuple[str, int, int], ...]:
    """Return names, times and sizes of a file of compiled functions and of those it may call."""
    files = {file, *file.parent.glob("*_kernels.py")}
    found = [(each.name, each.stat()) for each in sorted(files)]
    return tuple((name, of.st_mtime_ns, of.st_size) for name, of in found)


def compiled(function: Function) -> Function:
    """Return `function`, compiled at its first call, and cached on disk where that can be.

    It may call others of its file and of files named *_kernels.py beside it. fastmath is off: NaNs
    propagate, and results are the same to the bit whichever process compiled the function.
    """
    result: Any = njit(nogil=True)(function)
    if result is not function:  # as it is where NUMBA_DISABLE_JIT is set
        with suppress(RuntimeError, OSError):  # no folder for the cache can be written to
            result._cache = _ForgivingCache(function)
    done: Function = result
    return done
