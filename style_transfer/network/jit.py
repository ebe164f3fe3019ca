"""Functions compiled to machine code by numba: loops that run without the GIL."""

from collections.abc import Callable
from functools import partial

from numba import njit

Function = Callable[..., None]


def compiled(function: Function) -> Function:
    """Return `function`, compiled at its first call, and cached on disk where that can be.

    The cache entry is made anew when the function's own file changes. fastmath is off: NaNs
    propagate, and results are the same to the bit whichever process compiled the function.
    """
    compile_ = partial(njit, nogil=True)
    try:
        result: Function = compile_(cache=True)(function)
    except RuntimeError:  # no folder for the cache can be written to
        result = compile_()(function)
    return result
