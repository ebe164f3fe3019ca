"""TimingStore: the timings of backends on disk, so that not every process measures them anew."""

import json
import os
import platform
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import numba
import torch
from platformdirs import user_cache_path

from style_transfer.network.onednn import has_fast_int8
from style_transfer.network.thread_limits import blas_architectures
from style_transfer.network.timing_cache import TimingCache

_FORMAT = "style-transfer-timings-1"
_MEASURED = "ONEDNN_", "DNNL_", "OPENBLAS_", "MKL_", "NUMBA_"  # begin variables that change speed


class TimingStore:
    """A file with timings of this machine. Nothing fails where it cannot be read or written."""

    def __init__(self, folder: Path | None = None) -> None:
        """Take the folder, by default one in the user's folder of caches."""
        self.file = (folder or user_cache_path("style-transfer", False)) / f"{_machine()}.json"
        self._known = TimingCache()  # as they were read or written last

    def load(self) -> TimingCache:
        """Return the timings in the file; none if there is no such file, or another one."""
        self._known = self._read()
        return self._known.updated(TimingCache())

    def save(self, timings: TimingCache) -> None:
        """Add timings to those in the file, unless they are there."""
        if timings == self._known:
            return
        self._known = timings.updated(TimingCache())
        everything = self._read().updated(timings)  # other processes write, too
        content = json.dumps({"format": _FORMAT, "timings": everything.as_dict()})
        part = self.file.with_suffix(f".{os.getpid()}")
        with suppress(OSError):
            self.file.parent.mkdir(parents=True, exist_ok=True)
            try:
                part.write_text(content, encoding="utf-8")
                part.replace(self.file)
            finally:
                part.unlink(missing_ok=True)

    def _read(self) -> TimingCache:
        with suppress(OSError, ValueError):
            content = json.loads(self.file.read_text(encoding="utf-8"))
            if isinstance(content, dict) and content.get("format") == _FORMAT:
                return TimingCache.from_dict(content.get("timings"))
        return TimingCache()


def _machine() -> str:
    """Return a name for all that timings depend on: the processor and what computes on it."""
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
