"""A second device, simulated on the CPU: shows where tensors of two devices meet.

Its tensors call their device "meta", hold a CPU tensor each, and refuse what a GPU would refuse:
operations on tensors of both devices, but for numbers and indices, and access to their memory.
"""

import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._mode_utils import no_dispatch
from torch.utils._python_dispatch import TorchDispatchMode

from style_transfer import devices
from style_transfer.engine.tensor_tree import take_apart

# The only device beside the CPU that autograd serves in a build without GPUs.
DEVICE = torch.device("meta")
COPIES = {"aten::copy_", "aten::_to_copy"}
INDEXING = {"aten::index", "aten::index_put_", "aten::_index_put_impl_"}


shortage = threading.Event()  # while it is set, the device has no memory left


class AcceleratorTensor(Tensor):
    """A tensor on the simulated device."""

    held: Tensor  # on the CPU

    @staticmethod
    def __new__(cls, held: Tensor) -> "AcceleratorTensor":
        self = Tensor._make_wrapper_subclass(
            cls,
            held.size(),
            strides=held.stride(),
            storage_offset=held.storage_offset(),
            dtype=held.dtype,
            layout=held.layout,
            device=DEVICE,
        )
        if held.dtype == torch.float64 and not devices.computes_float64(DEVICE):
            raise TypeError("This device has no float64.")
        self.held = held
        alive.add(self)
        return self

    __torch_function__ = torch._C._disabled_torch_function_impl

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return dispatch(func, args, kwargs or {})

    def new_tensor(self, data: Any, **options: Any) -> Tensor:
        """As torch's, which asks the device itself for memory."""
        return torch.tensor(data, **{"dtype": self.dtype} | options).to(DEVICE)

    def tolist(self) -> Any:
        if getattr(_recording, "refusing", False):
            raise RuntimeError("tolist cannot be recorded")
        return self.held.tolist()

    def __repr__(self) -> str:
        return f"AcceleratorTensor({self.held!r})"


def dispatch(func: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """Return the result of an operation, computed on the CPU; raise where devices are mixed."""
    tensors = [*_tensors(args), *_tensors(kwargs.values())]
    ours = [tensor for tensor in tensors if isinstance(tensor, AcceleratorTensor)]
    device, name = kwargs.get("device"), func._schema.name
    here = bool(ours) if device is None else torch.device(device) == DEVICE
    if not ours and not here:
        return func(*args, **kwargs)
    if here and shortage.is_set():
        raise torch.OutOfMemoryError("The simulated device is out of memory.")
    if getattr(_recording, "refusing", False) and (
        name in WAITED_FOR or (name in COPIES and (len(ours) < len(tensors) or not here))
    ):
        raise RuntimeError(f"{name} cannot be recorded")
    if name not in COPIES | INDEXING:
        others = [t for t in tensors if t.dim() and not isinstance(t, AcceleratorTensor)]
        if ours and others:
            raise RuntimeError(f"{name}: tensors are on two devices, {DEVICE} and cpu")
    options = {key: value for key, value in kwargs.items() if key != "device"}
    if device is not None:
        options["device"] = torch.device("cpu") if here else device
    result = func(
        *(_mapped(_held, each) for each in args),
        **{key: _mapped(_held, each) for key, each in options.items()},
    )
    if torch.Tag.inplace_view in func.tags:  # sizes and strides of the wrapper change as well
        with no_dispatch():
            func(*args, **kwargs)
        return args[0]
    if name == "aten::copy_":
        return args[0]
    known = {id(tensor.held): tensor for tensor in ours}

    def wrapped(value: Tensor) -> Tensor:
        if here:
            return known[id(value)] if id(value) in known else AcceleratorTensor(value)
        return value.clone() if id(value) in known else value

    return _mapped(wrapped, result)


alive: "weakref.WeakSet[AcceleratorTensor]" = weakref.WeakSet()


def _tensors(values: Iterable[Any]) -> Iterator[Tensor]:
    """Yield the tensors among the arguments of an operator, and those in lists there."""
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, list | tuple):
            yield from _tensors(value)


def _mapped(change: Callable[[Tensor], Tensor], value: Any) -> Any:
    """Return an argument or a result of an operator with other tensors, those in lists too.

    torch's own `tree_map` knows all kinds of containers, and takes longer than the operators.
    """
    if isinstance(value, Tensor):
        return change(value)
    if isinstance(value, list | tuple):
        return type(value)([_mapped(change, each) for each in value])
    return value


def _held(tensor: Tensor) -> Tensor:
    return tensor.held if isinstance(tensor, AcceleratorTensor) else tensor


class AcceleratorMode(TorchDispatchMode):
    """Lets this thread make tensors on the simulated device."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return dispatch(func, args, kwargs or {})


class Recording(devices.DeviceType):
    """A device whose calls are recorded, and refused what would have to be waited for."""

    def runs_ahead(self) -> bool:
        return True

    def is_recording(self) -> bool:
        return getattr(_recording, "on", False)

    def recorder(self, device: torch.device) -> devices.Recorder:
        return self._record

    def _record(self, call: Callable[[], Any]) -> tuple[Callable[[], None], Any]:
        result = self._recorded(call, refusing=True)

        def replay() -> None:
            again = self._recorded(call, refusing=False)
            for own, new in zip(take_apart(result).tensors, take_apart(again).tensors, strict=True):
                own.copy_(new)

        return replay, result

    def _recorded(self, call: Callable[[], Any], refusing: bool) -> Any:
        _recording.on, _recording.refusing = True, refusing
        try:
            return call()
        finally:
            _recording.on = _recording.refusing = False


_recording = threading.local()
WAITED_FOR = {"aten::nonzero", "aten::_local_scalar_dense", "aten::_linalg_eigh"}


class WithoutFloat64(devices.DeviceType):
    def has_float64(self, device: torch.device) -> bool:
        return False


@contextmanager
def simulated(float64: bool = True) -> Iterator[None]:
    """Have the device in this thread and in all that begin within.

    It is like NVIDIA's: calls are recorded. Without `float64` it is like Apple's: it refuses to
    hold such numbers, and nothing is recorded.
    """
    run_thread, make_tensor = threading.Thread.run, torch.tensor

    def run(thread: threading.Thread) -> None:
        with AcceleratorMode():
            run_thread(thread)

    def tensor(data: Any, *, device: Any = None, **options: Any) -> Tensor:
        made = make_tensor(data, **options)  # whose C++ code asks the device itself for memory
        return made if device is None else made.to(device)

    with pytest.MonkeyPatch.context() as patch, AcceleratorMode():
        patch.setattr(
            devices,
            "_TYPES",
            {DEVICE.type: Recording() if float64 else WithoutFloat64()} | devices._TYPES,
        )
        patch.setattr(threading.Thread, "run", run)
        patch.setattr(torch, "tensor", tensor)
        yield
