"""What other programs import, and what importing and using it leaves as it was."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import style_transfer
from style_transfer.engine import stylize
from style_transfer.settings import Settings


def printed(script: str, *options: str, **named) -> str:
    """What a script prints in a fresh process."""
    command = [sys.executable, *options, "-c", script]
    return subprocess.run(command, check=True, capture_output=True, text=True, **named).stdout


def test_the_package_offers_what_a_program_needs():
    assert set(style_transfer.__all__) == {
        "__version__", "Frame", "Request", "Settings", "State", "Styles", "open_image",
        "paint_film", "paint_files", "save", "stylize", "to_tensor",
    }  # fmt: skip
    assert style_transfer.stylize is stylize
    assert style_transfer.Settings is Settings
    assert set(style_transfer.__all__) <= set(dir(style_transfer))
    assert all(getattr(style_transfer, name) for name in style_transfer.__all__)
    with pytest.raises(AttributeError, match="no attribute 'styllize'"):
        _ = style_transfer.styllize


def test_importing_the_package_imports_no_torch():
    script = (
        "import sys, style_transfer; print({'torch', 'gradio', 'av', 'PIL'} & set(sys.modules))"
    )
    assert printed(script) == "set()\n"


@pytest.mark.integration
def test_the_command_line_imports_nothing_that_only_downloads_and_films_need():
    script = (
        "import sys, style_transfer.cli;"
        "print({'torchvision', 'av', 'cv2', 'gradio'} & set(sys.modules))"
    )
    assert printed(script) == "set()\n"


@pytest.mark.integration
def test_using_the_library_imports_neither_the_page_nor_video():
    script = (
        "import sys; from style_transfer import *; import style_transfer.recipe"
        "; print({'gradio', 'av'} & set(sys.modules))"
    )
    assert printed(script) == "set()\n"


# All that a process has beside its modules, which a library must leave as it found it. Whether
# malloc maps a block of 20 MB by itself tells its thresholds, which are glibc's own by then.
AS_BEFORE = """
import ctypes, gc, os, signal, sys, threading, time
import numpy, scipy.linalg, torch, threadpoolctl

class Info(ctypes.Structure):
    names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
    _fields_ = [(name, ctypes.c_size_t) for name in names.split()]

def mapped(size):
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "mallinfo2"):
        return None
    libc.mallinfo2.restype = Info
    libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    libc.free.argtypes = [ctypes.c_void_p]
    before = libc.mallinfo2().hblkhd
    block = libc.malloc(size)
    grown = libc.mallinfo2().hblkhd > before
    libc.free(block)
    return grown

def state():
    return {
        "environment": dict(os.environ),
        "malloc": mapped(60_000_000),
        "torch threads": (torch.get_num_threads(), torch.get_num_interop_threads()),
        "torch modes": (torch.is_grad_enabled(), torch.get_default_dtype()),
        "random": torch.get_rng_state().tolist()[:16],
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "flush denormal": float(torch.tensor(1e-40) * 1),
        "threads": sorted(thread.name for thread in threading.enumerate()),
        "gc": (gc.isenabled(), gc.get_freeze_count(), gc.get_threshold()),
        "blas": [(pool["filepath"], pool["num_threads"]) for pool in threadpoolctl.threadpool_info()
                 if pool["filepath"] in known],
        "signals": [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)],
        "folder": os.getcwd(),
        "hook": sys.excepthook is sys.__excepthook__,
    }

numpy.ones((9, 9)) @ numpy.ones((9, 9))
torch.ones(9, 9) @ torch.ones(9, 9)
known = {pool["filepath"] for pool in threadpoolctl.threadpool_info()}
before = state()
import style_transfer
from style_transfer import Settings, open_image, save, stylize, to_tensor
imported = state()
photo, style = torch.full((1, 3, 32, 32), 0.25), torch.eye(32).expand(1, 3, 32, 32)
for frame in stylize(photo, style, lambda: Settings(steps=2)):
    pass
save(frame.picture, sys.argv[1])
del frame
until = time.monotonic() + 10
while threading.active_count() > 1 and time.monotonic() < until:
    time.sleep(0.01)
after = state()
for name in before:
    for when, found in (("importing", imported[name]), ("painting", after[name])):
        if found != before[name]:
            print(f"{name} after {when}: {before[name]} became {found}")
"""


@pytest.mark.integration
def test_importing_and_painting_leave_the_process_as_it_was(tmp_path):
    command = [sys.executable, "-c", AS_BEFORE, str(tmp_path / "picture.png")]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout == ""
    assert (tmp_path / "picture.png").exists()


@pytest.mark.integration
def test_painting_reads_and_writes_no_file_in_the_encoding_of_the_system(tmp_path):
    """On Windows that is not UTF-8, and a name or text that is not ASCII would be lost."""
    script = (
        "import warnings"
        "; warnings.filterwarnings('error', category=EncodingWarning, module='style_transfer')"
        "; import torch, style_transfer.recipe as recipe; from style_transfer import *"
        "; photo = torch.rand(1, 3, 32, 32)"
        "; *_, last = stylize(photo, photo, lambda: Settings(steps=1))"
        "; save(last.picture, 'a.png', recipe.Recipe().to_json()); recipe.read_recipe('a.png')"
        "; recipe.save_recipe(recipe.Recipe(), 'a.json'); recipe.read_recipe('a.json')"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    printed(script, "-X", "warn_default_encoding", cwd=tmp_path, env=environment)
