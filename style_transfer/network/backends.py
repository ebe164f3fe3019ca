"""BACKENDS: all backends by name, and BackendSet: those of them that work here."""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor

from style_transfer.network.backend import Backend, Problem
from style_transfer.network.col2im import Col2im
from style_transfer.network.cudnn import Cudnn
from style_transfer.network.int8_split import Int8Split
from style_transfer.network.onednn import OneDNN
from style_transfer.network.torch_convolution import TorchConvolution
from style_transfer.network.winograd import Winograd

_ALL: tuple[type[Backend], ...] = (
    TorchConvolution,
    Cudnn,
    Col2im,
    Winograd,
    OneDNN,
    Int8Split,
)
BACKENDS: dict[str, type[Backend]] = {backend.name: backend for backend in _ALL}
_FALLBACK = TorchConvolution.name  # supports everything; its errors are the caller's
# torch's words on a CPU and on Apple's GPUs, and those of the libraries of GPUs.
_NO_MEMORY = ("not enough memory", "out of memory", "can't allocate", "ALLOC_FAILED")
_log = logging.getLogger(__name__)


class BackendFailed(Exception):  # noqa: N818
    """A backend has raised and is disabled: another one is to be chosen."""


class BackendSet:
    """The backends that a network may use. One that raises is disabled for the others' sake."""

    def __init__(self, backends: Mapping[str, type[Backend]] = BACKENDS) -> None:
        """Take backends by name, of which one must be torch's own."""
        self._backends, self._lock = dict(backends), threading.Lock()
        self._disabled = frozenset[str]()
        self._supporting: dict[Problem, list[str]] = {}  # both are looked up in every call
        self._candidates: dict[Problem, list[str]] = {}
        self.measuring = threading.Lock()  # one measurement at a time

    def __getitem__(self, name: str) -> type[Backend]:
        return self._backends[name]

    @property
    def disabled(self) -> frozenset[str]:
        """Names of those that have raised."""
        return self._disabled

    def supporting(self, problem: Problem) -> list[str]:
        """Return the names of the backends that support `problem`, disabled ones included."""
        if problem in self._supporting:
            return self._supporting[problem]
        names = list[str]()
        for name, backend in self._backends.items():
            try:
                with self.guard(name):
                    names += [name] * backend.supports(problem)
            except BackendFailed:
                continue
        self._supporting[problem] = names
        return names

    def candidates(self, problem: Problem) -> list[str]:
        """Return the names of the backends that may be the fastest; at least one."""
        if problem in self._candidates:
            return self._candidates[problem]
        names = [name for name in self.supporting(problem) if name not in self._disabled]
        left = list(names)
        for name in reversed(names):  # what is replaced itself replaces nothing
            if name in left:
                left = [each for each in left if each not in self._backends[name].replaces]
        self._candidates[problem] = left
        return left

    def only_fallback(self, problem: Problem) -> bool:
        """Return whether torch's own backend alone computes `problem` and its gradient."""
        both = problem.exact, problem.gradient
        return all(self.candidates(each) == [_FALLBACK] for each in both)

    def attempt(self, name: str, call: Callable[[], Tensor]) -> Tensor:
        """Return what call() returns, by the backend `name`; see `guard` for what is raised."""
        with self.guard(name):
            return call()

    @contextmanager
    def guard(self, name: str) -> Iterator[None]:
        """Disable the backend `name` if what it does in this context raises.

        Raises BackendFailed then; but the error itself where another backend would not help.
        """
        try:
            yield
        except Exception as error:
            if name == _FALLBACK or out_of_memory(error):
                raise
            with self._lock:
                first = name not in self._disabled
                self._disabled |= {name}
                self._candidates = {}
            if first:
                words = " ".join(f"{type(error).__name__}: {error}".split())
                _log.warning("Convolutions by %s are off, the next best take over: %s", name, words)
            raise BackendFailed(name) from error


def out_of_memory(error: BaseException) -> bool:
    """Return whether `error` says that memory, of whatever device, did not suffice."""
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or (
        isinstance(error, RuntimeError) and any(words in str(error) for words in _NO_MEMORY)
    )
