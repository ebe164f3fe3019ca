"""MachineFile: what was measured on this machine, on disk, so that later processes need not."""

import json
import os
import platform
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import numba
import torch
from platformdirs import user_cache_path

from style_transfer.network.onednn import has_fast_int8
from style_transfer.network.thread_limits import blas_architectures

_MEASURED = "ONEDNN_", "DNNL_", "OPENBLAS_", "MKL_", "NUMBA_"  # begin variables that change speed


class MachineFile:
    """A JSON file for measurements of one kind. Nothing fails where it cannot be read or written.

    It belongs to the processor and to the libraries that compute on it.
    """

    def __init__(self, content: str, folder: Path | None = None) -> None:
        """Take what the file has in it, and its folder, by default the user's for caches."""
        self._content = content
        self.file = (folder or _user_folder()) / f"{content}-{_machine()}.json"

    def read(self) -> Any:
        """Return what was written, None where there is no such file or it is damaged."""
        with suppress(OSError, ValueError, RecursionError):
            found = json.loads(self.file.read_text(encoding="utf-8"))
            return found.get(self._content) if isinstance(found, dict) else None
        return None

    def update(self, merged: Callable[[Any], Any]) -> None:
        """Write what `merged` makes of what is there: other processes write, too."""
        text = json.dumps({self._content: merged(self.read())})
        part = self.file.with_suffix(f".{os.getpid()}")
        with suppress(OSError):
            self.file.parent.mkdir(parents=True, exist_ok=True)
            try:
                part.write_text(text, encoding="utf-8")
                part.replace(self.file)
            finally:
                part.unlink(missing_ok=True)


def _user_folder() -> Path:
    """Return the user's folder for caches, of one without a home one that can hold no file."""
    with suppress(RuntimeError):
        folder = user_cache_path("style-transfer", False)
        if folder.is_absolute():  # earlier versions of platformdirs return "~/.cache" for no home
            return folder
    return Path(os.devnull)


def _machine() -> str:
    """Return a name for all that speed depends on: the processor and what computes on it."""
    facts = [
        _processor(),
        torch.backends.cpu.get_cpu_capability(),
        *sorted(blas_architectures()),
        has_fast_int8(),
        torch.get_num_threads(),
        torch.__version__,
        numba.__version__,
        *sorted(pair for pair in os.environ.items() if pair[0].startswith(_MEASURED)),
    ]
    return sha256(repr(facts).encode()).hexdigest()[:16]


def _processor() -> str:
    with suppress(OSError):
        told = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
        for line in told.splitlines():
            if line.startswith(("model name", "Hardware", "CPU part")):
                return line
    return f"{platform.machine()} {platform.processor()}"
