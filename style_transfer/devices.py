"""Devices: what torch computes on here, and what is peculiar to each type.

A device is named as torch names it: "cpu", "cuda" (NVIDIA's GPUs, and AMD's by ROCm), "cuda:1" for
the second one, "mps" (Apple's), "xpu" (Intel's). Only this module knows other types than the CPU.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

CPU, AUTO = "cpu", "auto"
VARIABLE = "STYLE_TRANSFER_DEVICE"  # the environment variable that names one of them, or AUTO


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
    "cuda": _WithStatistics("cuda"),
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
