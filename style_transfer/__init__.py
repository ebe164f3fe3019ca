"""Neural style transfer that you steer while it paints (Gatys, Ecker and Bethge 2015)."""

__version__ = "0.1.0"

import ctypes
import os
from contextlib import suppress

# Both must be set before torch is loaded, and are left alone where somebody has set them.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # threads that wait leave the cores to others
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")  # large tensors in large pages: fewer faults

# glibc would give what a step frees back to the system, and the next step would fetch it again page
# by page, at the cost of an eighth of its time; and each run's thread would keep a heap of its own.
_TRIM_THRESHOLD, _ARENA_MAX = -1, -8  # as malloc.h numbers them
with suppress(OSError, AttributeError, TypeError):  # another system, another library
    ctypes.CDLL(None).mallopt(_TRIM_THRESHOLD, 256_000_000)  # bytes
    ctypes.CDLL(None).mallopt(_ARENA_MAX, 1)
