import ctypes
import subprocess
import sys

import pytest

linux_only = pytest.mark.skipif(
    sys.platform != "linux", reason="reads what Linux tells of a process"
)

FRAGMENTED = """
import torch
from style_transfer.runtime import release_free_memory

def used():
    lines = open("/proc/self/status").read().splitlines()
    return 1024 * int(next(line.split()[1] for line in lines if line.startswith("VmRSS")))

before = used()
pieces = [torch.ones(20_000) for _ in range(4000)]  # 320 MB in small pieces
last = pieces.pop()
del pieces
held = used()
release_free_memory()
print(held - before, used() - before)
"""


def printed(script: str) -> str:
    """What a script prints in a fresh process."""
    command = [sys.executable, "-c", script]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.mark.integration
@pytest.mark.skipif(sys.platform != "linux", reason="reads what Linux tells of a process")
def test_memory_that_is_held_for_later_is_released():
    held, left = map(int, printed(FRAGMENTED).split())
    assert left < 1e8
    assert left <= held


# mallinfo2's hblkhd is the number of bytes in blocks that were mapped one by one, not cut from a
# heap; those go back to the system as soon as they are freed.
ALLOCATOR = """
import ctypes
from style_transfer import runtime

class Info(ctypes.Structure):
    names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
    _fields_ = [(name, ctypes.c_size_t) for name in names.split()]

libc = ctypes.CDLL(None)
libc.mallinfo2.restype = Info
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
{configure}
runtime.retain_freed_blocks((512, 512))
before = libc.mallinfo2().hblkhd
libc.malloc(50_000_000)
print("mapped" if libc.mallinfo2().hblkhd > before else "from a heap")
"""


@pytest.mark.skipif(not hasattr(ctypes.pythonapi, "mallinfo2"), reason="needs glibc from 2.33 on")
@pytest.mark.parametrize(
    ("configure", "taken"), [("", "mapped\n"), ("runtime.configure()", "from a heap\n")]
)
def test_blocks_are_retained_only_in_a_process_that_was_configured(configure, taken):
    assert printed(ALLOCATOR.replace("{configure}", configure)) == taken


def test_configuring_keeps_environment_variables_that_are_set():
    script = (
        "import os; os.environ['OMP_WAIT_POLICY'] = 'active'"
        "; os.environ.pop('THP_MEM_ALLOC_ENABLE', None)"
        "; from style_transfer import runtime; runtime.configure(); runtime.configure()"
        "; print(os.environ['OMP_WAIT_POLICY'], os.environ['THP_MEM_ALLOC_ENABLE'])"
    )
    assert printed(script) == "active 1\n"


def test_configuring_lets_kernels_be_compiled_whatever_the_environment_says():
    script = (
        "import os; os.environ['NUMBA_DISABLE_JIT'] = '1'"
        "; from style_transfer import runtime; runtime.configure()"
        "; import numba; print(numba.config.DISABLE_JIT)"
    )
    assert printed(script) == "0\n"


def test_the_runtime_module_loads_no_torch():
    assert printed("import sys, style_transfer.runtime; print('torch' in sys.modules)") == "False\n"
