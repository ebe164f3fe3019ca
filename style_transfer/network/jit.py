"""Functions compiled to machine code by numba: loops that run without the GIL."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from numba import njit
from numba.core.caching import FunctionCache

Function = Callable[..., None]


class _ForgivingCache(FunctionCache):
    """A cache on disk without which everything goes on: damaged entries are made anew."""

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


def compiled(function: Function) -> Function:
    """Return `function`, compiled at its first call, and cached on disk where that can be.

    The cache entry is made anew when the function's own file changes. fastmath is off: NaNs
    propagate, and results are the same to the bit whichever process compiled the function.
    """
    result: Any = njit(nogil=True)(function)
    if result is not function:  # as it is where NUMBA_DISABLE_JIT is set
        with suppress(RuntimeError, OSError):  # no folder for the cache can be written to
            result._cache = _ForgivingCache(function)
    done: Function = result
    return done
