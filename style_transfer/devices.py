"""Devices: what torch computes on here, and what is peculiar to each type.

A device is named as torch names it: "cpu", "cuda" (NVIDIA's GPUs, and AMD's by ROCm), "cuda:1" for
the second one, "mps" (Apple's), "xpu" (Intel's). Only this module knows other types than the CPU.
"""

import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

import torch
from torch import Tensor

CPU, AUTO = "cpu", "auto"
VARIABLE = "STYLE_TRANSFER_DEVICE"  # the environment variable that names one of them, or AUTO


T = TypeVar("T")
# Records a call that is to be replayed: takes it, and returns what replays it, and its result,
# whose tensors have their values from the first replay on.
Recorder = Callable[[Callable[[], Any]], tuple[Callable[[], None], Any]]


class DeviceType:
    """What is asked of a type of devices; of those that are not listed, and of the CPU, this."""

    def count(self) -> int:
        """Return how many there are here."""
        return 1

    def has_float64(self, device: torch.device) -> bool:
        """Return whether it computes in float64."""
        return True

    def free_memory(self, device: torch.device) -> int | None:
        """Return the bytes of its own memory that can be had, None where it has none or unknown."""
        return None

    def synchronize(self, device: torch.device) -> None:
        """Wait until all that was asked of it is done."""

    def release_memory(self) -> None:
        """Give back what torch holds unused."""

    def restart_peak(self, device: torch.device) -> int | None:
        """Let `peak_memory` begin anew; return the bytes in use, None where it cannot tell."""
        return None

    def peak_memory(self, device: torch.device) -> int:
        """Return the largest number of bytes in use since `restart_peak`."""
        return 0

    def runs_ahead(self) -> bool:
        """Return whether it works off calls later, so that results had better be read later."""
        return False

    def recorder(self, device: torch.device) -> Recorder | None:
        """Return what records calls to be replayed, None where that gains nothing."""
        return None

    def is_recording(self) -> bool:
        """Return whether what this thread asks for is recorded, and not computed."""
        return False

    def write(self, numbers: list[float], to: Tensor) -> None:
        """Write numbers into a vector, without waiting for the device where it can be helped."""
        to.copy_(torch.tensor(numbers, dtype=to.dtype))

    def side_by_side(self, device: torch.device, calls: Sequence[Callable[[], T]]) -> Iterator[T]:
        """Yield what the calls return; they may be computed at the same time."""
        return (call() for call in calls)

    def read_later(self, tensor: Tensor) -> Callable[[], list[float]]:
        """Return what waits for the values of a vector, and for nothing that is asked after it."""
        return tensor.tolist


class _WithStatistics(DeviceType):
    """Devices whose module of torch has CUDA's functions: "cuda", "xpu"."""

    def __init__(self, name: str) -> None:
        self._name = name

    @property
    def _module(self) -> Any:
        return getattr(torch, self._name)

    def count(self) -> int:
        return int(self._module.device_count()) if self._module.is_available() else 0

    def has_float64(self, device: torch.device) -> bool:
        # Intel's GPUs for the desk lack it.
        return bool(getattr(self._module.get_device_properties(device), "has_fp64", True))

    def free_memory(self, device: torch.device) -> int | None:
        tell = getattr(self._module, "mem_get_info", None)  # of "xpu" it came with torch 2.6
        if tell is None:
            return None
        cached = self._module.memory_reserved(device) - self._module.memory_allocated(device)
        return int(tell(device)[0] + cached)

    def synchronize(self, device: torch.device) -> None:
        self._module.synchronize(device)

    def release_memory(self) -> None:
        self._module.empty_cache()

    def restart_peak(self, device: torch.device) -> int | None:
        self._module.reset_peak_memory_stats(device)
        return int(self._module.memory_allocated(device))

    def peak_memory(self, device: torch.device) -> int:
        return int(self._module.max_memory_allocated(device))


@dataclass
class _Pool:
    """The memory that the recordings of a device share, since none runs beside another.

    Without any of `holders` it is gone.
    """

    handle: Any
    holders: "weakref.WeakSet[Any]" = field(default_factory=weakref.WeakSet)
    bytes: int = 0


class _Cuda(_WithStatistics):
    """NVIDIA's GPUs, and AMD's by ROCm."""

    def __init__(self) -> None:
        super().__init__("cuda")
        self._pools: dict[torch.device, _Pool] = {}

    def free_memory(self, device: torch.device) -> int | None:
        free, pool = super().free_memory(device), self._pools.get(device)
        return free - pool.bytes if free is not None and pool and pool.holders else free

    def runs_ahead(self) -> bool:
        return True

    def recorder(self, device: torch.device) -> Recorder | None:
        return partial(self._record, device)

    def _record(
        self, device: torch.device, call: Callable[[], Any]
    ) -> tuple[Callable[[], None], Any]:
        if not (device in self._pools and self._pools[device].holders):
            self._pools[device] = _Pool(torch.cuda.graph_pool_handle())
        pool, before = self._pools[device], torch.cuda.memory_reserved(device)
        own, current = torch.cuda.Stream(device), torch.cuda.current_stream(device)
        graph = torch.cuda.CUDAGraph()
        own.wait_stream(current)
        with torch.cuda.device(device), torch.cuda.stream(own):
            # Other threads may go on asking for memory.
            graph.capture_begin(pool=pool.handle, capture_error_mode="thread_local")
            try:
                result = call()
            except BaseException:
                with suppress(RuntimeError):  # which says less than the first error
                    graph.capture_end()
                raise
            graph.capture_end()
        current.wait_stream(own)
        pool.holders.add(graph)
        pool.bytes += torch.cuda.memory_reserved(device) - before
        return graph.replay, result

    def write(self, numbers: list[float], to: Tensor) -> None:
        pinned = torch.tensor(numbers, dtype=to.dtype).pin_memory()  # torch keeps it until then
        to.copy_(pinned, non_blocking=True)

    def is_recording(self) -> bool:
        return bool(torch.cuda.is_current_stream_capturing())

    def side_by_side(self, device: torch.device, calls: Sequence[Callable[[], T]]) -> Iterator[T]:
        if not self.is_recording() or len(calls) < 2:  # calls one by one keep a stream busy
            return super().side_by_side(device, calls)
        current, results = torch.cuda.current_stream(device), list[T]()
        beside = [torch.cuda.Stream(device) for _ in calls[1:]]
        for stream in beside:
            stream.wait_stream(current)
        for stream, call in zip([current, *beside], calls, strict=True):
            with torch.cuda.stream(stream):
                results.append(call())
        for stream in beside:
            current.wait_stream(stream)
        return iter(results)

    def read_later(self, tensor: Tensor) -> Callable[[], list[float]]:
        copy = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
        copy.copy_(tensor, non_blocking=True)
        done = torch.cuda.current_stream(tensor.device).record_event()

        def read() -> list[float]:
            done.synchronize()
            values: list[float] = copy.tolist()
            return values

        return read


class _Apple(DeviceType):
    """Apple's GPUs, which share the memory of the CPU and lack float64."""

    def count(self) -> int:
        return int(torch.backends.mps.is_available())

    def has_float64(self, device: torch.device) -> bool:
        return False

    def free_memory(self, device: torch.device) -> int | None:
        return torch.mps.recommended_max_memory() - torch.mps.current_allocated_memory()

    def synchronize(self, device: torch.device) -> None:
        torch.mps.synchronize()

    def release_memory(self) -> None:
        torch.mps.empty_cache()


_TYPES: dict[str, DeviceType] = {  # fastest first; a machine rarely has two
    "cuda": _Cuda(),
    "xpu": _WithStatistics("xpu"),
    "mps": _Apple(),
    CPU: DeviceType(),
}
TYPES = (AUTO, CPU, *(name for name in _TYPES if name != CPU))  # what may be asked for


def present() -> list[str]:
    """Return the names of all devices that are here, the CPU last."""
    found = list[str]()
    for name, kind in _TYPES.items():
        count = kind.count()
        found += [name] if count == 1 else [f"{name}:{number}" for number in range(count)]
    return found


def check_device(name: str) -> None:
    """Raise ValueError, one sentence, for the name of a device that is not here."""
    here = present()
    kinds = {each.partition(":")[0] for each in here}
    first = {
        *kinds,
        *(f"{kind}:0" for kind in kinds),
    }  # of each type, also where it is the only one
    if name not in {*here, *first}:
        raise ValueError(
            f"There is no device {name!r} here, but {', '.join(here)}; "
            f"{AUTO!r} takes the first that works."
        )


def _kind_of(device: torch.device | str) -> tuple[DeviceType, torch.device]:
    """Return what can be asked of a device, and the device."""
    device = torch.device(device)
    return _TYPES.get(device.type, _TYPES[CPU]), device


def free_memory(device: torch.device | str) -> int | None:
    """Return the bytes of a device's own memory that can be had; None for the CPU and if unknown.

    What torch holds unused is part of them.
    """
    kind, device = _kind_of(device)
    return kind.free_memory(device)


def synchronize(device: torch.device | str) -> None:
    """Wait until all that was asked of a device is done."""
    kind, device = _kind_of(device)
    kind.synchronize(device)


def release_memory() -> None:
    """Give back to other programs what torch holds unused on all devices."""
    for kind in _TYPES.values():
        if kind.count():
            kind.release_memory()


def runs_ahead(device: torch.device | str) -> bool:
    """Return whether a device works off calls later: what it computed had better be read later."""
    return _kind_of(device)[0].runs_ahead()


def recorder(device: torch.device | str) -> Recorder | None:
    """Return what records calls on a device to be replayed, None where that gains nothing."""
    kind, device = _kind_of(device)
    return kind.recorder(device)


def is_recording(device: torch.device | str) -> bool:
    """Return whether what this thread asks of a device is recorded, and not computed."""
    return _kind_of(device)[0].is_recording()


def side_by_side(device: torch.device | str, calls: Sequence[Callable[[], T]]) -> Iterator[T]:
    """Yield what calls return whose work on a device may be done at the same time."""
    kind, device = _kind_of(device)
    return kind.side_by_side(device, calls)


def read_later(tensor: Tensor) -> Callable[[], list[float]]:
    """Return what waits for the values of a vector, and for nothing that is asked after it."""
    return _kind_of(tensor.device)[0].read_later(tensor)


def write(numbers: list[float], to: Tensor) -> None:
    """Write numbers into a vector on a device, without waiting for it where it can be helped."""
    _kind_of(to.device)[0].write(numbers, to)


def computes_float64(device: torch.device) -> bool:
    """Return whether a device computes in float64."""
    kind, device = _kind_of(device)
    return kind.has_float64(device)


def precise(tensor: Tensor) -> Tensor:
    """Return a tensor in float64: on its device or, where that lacks float64, on the CPU."""
    if not computes_float64(tensor.device):
        tensor = tensor.to(CPU)
    return tensor.double()


def returned(tensor: Tensor, to: Tensor) -> Tensor:
    """Return a tensor in the type and on the device of another, from `precise` for example."""
    return tensor.to(to.dtype).to(to.device)  # in this order: the device may lack the former type


class Peak:
    """The memory that a device needed within `peak_memory`."""

    bytes: int | None = None  # beyond what was in use; None where the device cannot tell


@contextmanager
def peak_memory(device: torch.device | str) -> Iterator[Peak]:
    """Tell the most memory of a device that is in use within, once it is left."""
    kind, device = _kind_of(device)
    peak, before = Peak(), kind.restart_peak(device)
    yield peak
    if before is not None:
        kind.synchronize(device)
        peak.bytes = kind.peak_memory(device) - before
