"""Functions as machine code, by numba: loops that run without Python, on any thread."""

import math
from collections.abc import Callable
from functools import partial
from importlib import import_module

from numba import njit
from threadpoolctl import threadpool_info, threadpool_limits

Function = Callable[..., None]

# Who calls them has threads of its own: the library that multiplies matrices for numba, which this
# loads, is to start none.
import_module("scipy.linalg.cython_blas")
threadpool_limits(1, user_api="blas")

# OpenBLAS lays matrices out before it multiplies them, which can take as long as the product. On
# CPUs with AVX-512 it leaves that out for products of up to so many multiplications, if the second
# matrix is not transposed.
_DIRECT = {"SkylakeX", "Cooperlake", "SapphireRapids"}  # as it calls these CPUs
_found = {library.get("architecture") for library in threadpool_info()}
LARGEST_DIRECT_PRODUCT = 1e6 if _found & _DIRECT else math.inf


def compiled(function: Function) -> Function:
    """Return `function`, to be compiled at its first call, and kept on disk where that can be.

    What is kept is made anew when the function's own file changes. No rule of arithmetic is given
    up: what is no number is not hidden, and whoever compiles it, it rounds alike.
    """
    compile_ = partial(njit, nogil=True)
    try:
        result: Function = compile_(cache=True)(function)
    except RuntimeError:  # there is nowhere to keep it
        result = compile_()(function)
    return result
