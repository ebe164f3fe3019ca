"""Devices: what torch computes on here, and what is peculiar to each type.

A device is named as torch names it: "cpu", "cuda" (NVIDIA's GPUs, and AMD's by ROCm), "cuda:1" for
the second one, "mps" (Apple's), "xpu" (Intel's). What differs between types is asked here and in
`device_types.py`; elsewhere a type is named only by what exists for that type alone, such as cuDNN.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

import torch
from torch import Tensor

from style_transfer.device_types import Apple, Cuda, DeviceType, Recorder, WithStatistics

CPU, AUTO = "cpu", "auto"
VARIABLE = "STYLE_TRANSFER_DEVICE"  # the environment variable that names one of them, or AUTO

T = TypeVar("T")
_TYPES: dict[str, DeviceType] = {  # fastest first; a machine rarely has two
    "cuda": Cuda(),
    "xpu": WithStatistics("xpu"),
    "mps": Apple(),
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
    # Of each type the first one, also where it is the only one.
    first = {*kinds, *(f"{kind}:0" for kind in kinds)}
    if name not in {*here, *first}:
        # Where that itself is no choice, it is none of the devices.
        hint = "" if name == AUTO else f"; {AUTO!r} takes the first that works"
        raise ValueError(f"There is no device {name!r} here, but {', '.join(here)}{hint}.")


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
    """Return a function that waits for the values of a vector (N,), and returns them.

    It waits for nothing that is asked of the device after this call.
    """
    return _kind_of(tensor.device)[0].read_later(tensor)


def write(numbers: list[float], to: Tensor) -> None:
    """Write numbers into a vector (N,) on a device, without waiting for it where possible."""
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


def check_defaults(device: torch.device) -> None:
    """Raise ValueError, one sentence, where torch would not compute in float32 on a device.

    Also where it would make tensors elsewhere than on the CPU unless they are asked for.
    """
    kind = device.type
    if torch.amp.is_autocast_available(kind) and torch.is_autocast_enabled(kind):
        lower = torch.get_autocast_dtype(kind)
        raise ValueError(f"Pictures are painted in float32: not within torch.autocast to {lower}.")
    if (default := torch.get_default_dtype()) != torch.float32:
        raise ValueError(
            f"Pictures are painted in float32, but torch's default is {default}; "
            "call torch.set_default_dtype(torch.float32)."
        )
    if (place := torch.get_default_device()).type != CPU:
        raise ValueError(
            f"Pictures are painted with torch's default device {CPU}, not {place}; "
            f"call torch.set_default_device({CPU!r}), and name the device for the network."
        )
