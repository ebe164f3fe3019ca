"""Settings of whole processes: environment variables and the C library's allocator.

A program of ours (`app.py`, the command line, a benchmark) calls `configure` first. Importing and
using the library leaves all of this as it is, since the process may be somebody else's notebook.
Only glibc has the functions that are called here; elsewhere they do nothing.
"""

import ctypes
import os
from contextlib import suppress
from pathlib import Path

# Parameters of mallopt, as glibc's malloc.h numbers them.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8

_TRIM_THRESHOLD = 256_000_000  # bytes
_LARGE_IMAGE = 600_000  # pixels
# Bytes. Larger blocks would leave gaps in the heap that no later block fits; with smaller ones a
# large image takes a quarter longer.
_MMAP_THRESHOLD_SMALL, _MMAP_THRESHOLD_LARGE = 80_000_000, 140_000_000

_configured = False  # whether this process is ours; as wide as the allocator that it stands for


def configure() -> None:
    """Set up the process for speed; call it before torch is imported.

    Sets OMP_WAIT_POLICY, THP_MEM_ALLOC_ENABLE and PYTORCH_ENABLE_MPS_FALLBACK where they are unset,
    unsets NUMBA_DISABLE_JIT, and tells glibc to keep freed memory for the next step. May be called
    again.
    """
    global _configured
    _configured = True
    os.environ.pop("NUMBA_DISABLE_JIT", None)  # uncompiled, our kernels take hours for a picture
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # idle threads leave the cores to others
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")  # large tensors in huge pages: fewer faults
    os.environ.setdefault("PYTORCH_ENABLE_MPS_FALLBACK", "1")  # what Apple's GPUs lack: by the CPU
    # By default glibc returns what a step frees to the system, and the next step faults it in again
    # page by page, which costs an eighth of its time.
    _mallopt(_M_TRIM_THRESHOLD, _TRIM_THRESHOLD)
    _mallopt(_M_ARENA_MAX, 1)  # or each run's thread would have a heap of its own


def retain_freed_blocks(size: tuple[int, int]) -> None:
    """Let glibc keep the blocks that a step at `size` (height, width) frees, for the next step.

    They are kept until `release_free_memory`. Does nothing unless `configure` was called.
    """
    if _configured:
        large = size[0] * size[1] > _LARGE_IMAGE
        _mallopt(_M_MMAP_THRESHOLD, _MMAP_THRESHOLD_LARGE if large else _MMAP_THRESHOLD_SMALL)


def release_free_memory() -> None:
    """Return free memory that the C library holds for later to the system, where it can."""
    with suppress(OSError, AttributeError, TypeError):  # a C library without malloc_trim
        ctypes.CDLL(None).malloc_trim(0)


def child_environment() -> dict[str, str]:
    """Return the environment in which a child process imports this very package."""
    here = str(Path(__file__).parents[1])
    paths = filter(None, (here, os.environ.get("PYTHONPATH")))
    return os.environ | {"PYTHONPATH": os.pathsep.join(paths)}


def _mallopt(parameter: int, value: int) -> None:
    with suppress(OSError, AttributeError, TypeError):  # a C library without mallopt
        ctypes.CDLL(None).mallopt(parameter, value)
