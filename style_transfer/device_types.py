"""Types of devices, and what each of them can do: calls of torch's module for it."""

import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

import torch
from torch import Tensor

T = TypeVar("T")
# Records a call that is to be replayed: takes it, and returns what replays it, and its result,
# whose tensors have their values from the first replay on.
Recorder = Callable[[Callable[[], Any]], tuple[Callable[[], None], Any]]


class DeviceType:
    """What can be asked of a type of devices; as it stands, the CPU and types not listed."""

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
        """Write numbers into a vector (N,), without waiting for the device where possible."""
        to.copy_(torch.tensor(numbers, dtype=to.dtype))

    def side_by_side(self, device: torch.device, calls: Sequence[Callable[[], T]]) -> Iterator[T]:
        """Yield what the calls return; they may be computed at the same time."""
        return (call() for call in calls)

    def read_later(self, tensor: Tensor) -> Callable[[], list[float]]:
        """Return a function that waits for the values of a vector (N,), and returns them.

        It waits for nothing that is asked of the device after this call.
        """
        return tensor.tolist


class WithStatistics(DeviceType):
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


class Cuda(WithStatistics):
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


class Apple(DeviceType):
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
