"""State: a run between two steps, as plain data that can be saved and continued."""

import json
import os
import re
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from style_transfer.checks import file_name, whole_number
from style_transfer.engine.evaluator import Matches
from style_transfer.engine.lbfgs import Memory
from style_transfer.engine.strokes import Stroke
from style_transfer.network import TimingCache
from style_transfer.replacing import replace_file
from style_transfer.versions import settings_of

_FORMAT = "style-transfer-state-2"
_OLDER = "style-transfer-state-1"  # loaded without the optimiser's memory, which had other parts
_MATCHES, _BEFORE = "matches.", "before."  # begin the names of their tensors


@dataclass(frozen=True, eq=False)  # tensors have no equality of their own
class State:
    """A run between two steps. Its tensors are never written to, so states share them.

    The names of the fields are those of saved files.
    """

    step: int  # steps made
    stage: int  # index of the current stage
    image: Tensor  # (1, 3, h, w) RGB in [0, 1], at the size of the stage
    memory: Memory = ()  # of the optimiser
    objective: dict[str, Any] | None = None  # that `memory` belongs to, see `with_objective`
    matches: Matches = field(default_factory=dict)  # of the evaluator
    good: Tensor | None = None  # the image before `image`, whose losses were finite
    loss: float | None = None  # total loss of `good`; None after a change of the objective
    timings: TimingCache = field(default_factory=TimingCache)  # by which backends are chosen
    setbacks: int = 0  # steps back to `good` since two steps in a row were downhill
    strokes: tuple[Stroke, ...] = ()  # that were applied, and undone, oldest first
    before: tuple[Tensor, ...] = ()  # what the newest strokes in effect have changed, to undo them
    touched: Tensor | None = None  # (1, 1, h, w) in [0, 1]: where steps are small after strokes
    touch_limit: float = 0.0  # of the next step there, root mean square
    reach: Tensor | None = None  # (1, 1, h, w) in [0, 1]: what steps move; None: all of the picture

    def without_memory(self) -> "State":
        """Return the state from which the optimiser begins anew: a small part of the size."""
        return replace(self, memory=(), good=None, loss=None)

    @property
    def memory_bytes(self) -> int:
        """How many bytes `without_memory` leaves out."""
        good = () if self.good is None else (self.good,)
        return sum(tensor.nbytes for tensor in (*self.memory, *good))

    def save(self, file: str | os.PathLike[str]) -> None:
        """Write the state as a safetensors file, atomically. Raises OSError."""
        tensors = {f"memory.{index:03}": tensor for index, tensor in enumerate(self.memory)}
        tensors |= {f"{_MATCHES}{name}": tensor for name, tensor in self.matches.items()}
        tensors |= {f"{_BEFORE}{index:03}": crop for index, crop in enumerate(self.before)}
        single = {name: getattr(self, name) for name in ("image", *_OPTIONAL)}
        tensors |= {name: tensor for name, tensor in single.items() if tensor is not None}
        numbers = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in _TENSORS}
        numbers["timings"] = self.timings.as_dict()
        numbers["strokes"] = [stroke.as_dict() for stroke in self.strokes]
        save_tensors(tensors, file, {"format": _FORMAT, "numbers": json.dumps(numbers)})

    @classmethod
    @torch.inference_mode(False)  # or no run could go on from it
    def load(cls, file: str | os.PathLike[str]) -> "State":
        """Return the state in a file that `save` wrote. Raises ValueError for any other file."""
        try:
            with safe_open(file, framework="pt") as content:
                form, numbers = _header(content)
                # Cloned, since torch sums in another order over memory aligned as in the file.
                tensors = {name: content.get_tensor(name).clone() for name in content.keys()}  # noqa: SIM118
            former = numbers.pop("rates", None)  # their name in earlier versions
            numbers |= {name: tensors.get(name) for name in _OPTIONAL}
            numbers["timings"] = TimingCache.from_dict(numbers.get("timings", former))
            strokes = tuple(map(Stroke.from_dict, numbers.pop("strokes", ())))
            if isinstance(named := numbers.get("objective"), dict):
                # What it lacks is of knobs that came later, with what they did before as default.
                numbers["objective"] = settings_of(1, {}).objective | named
            remembered = sorted(name for name in tensors if name.startswith("memory."))
            memory = tuple(tensors[name] for name in remembered if form == _FORMAT)
            matches = {
                name.removeprefix(_MATCHES): tensor
                for name, tensor in tensors.items()
                if name.startswith(_MATCHES)
            }
            crops = sorted(name for name in tensors if name.startswith(_BEFORE))
            return cls(
                image=tensors["image"],
                memory=memory,
                matches=matches,
                strokes=strokes,
                before=tuple(tensors[name] for name in crops),
                **numbers,
            )
        except _UNREADABLE as error:
            raise _no_state(file, error) from error

    @staticmethod
    def step_in(file: str | os.PathLike[str]) -> int:
        """Return the step of the state in a file, reading no tensor. Raises ValueError as `load`
        does, though not for what is wrong with tensors."""
        try:
            with safe_open(file, framework="pt") as content:
                step: int = _header(content)[1]["step"]
                return step
        except _UNREADABLE as error:
            raise _no_state(file, error) from error

    def to(self, device: Any) -> "State":
        """Return the state with its tensors on `device`."""
        optional = {name: getattr(self, name) for name in _OPTIONAL}
        moved: dict[str, Any] = {
            "image": self.image.to(device),
            "memory": tuple(tensor.to(device) for tensor in self.memory),
            "matches": {name: tensor.to(device) for name, tensor in self.matches.items()},
            "before": tuple(tensor.to(device) for tensor in self.before),
        }
        moved |= {name: each.to(device) for name, each in optional.items() if each is not None}
        return State(**{f.name: getattr(self, f.name) for f in fields(self)} | moved)


def save_tensors(
    tensors: dict[str, Tensor], file: str | os.PathLike[str], metadata: dict[str, str]
) -> None:
    """Write tensors as a safetensors file, atomically. Raises OSError."""
    part = Path(f"{os.fspath(file)}.part")
    try:
        save_file(_with_own_storage(tensors), part, metadata)
        replace_file(part, file)
    except SafetensorError as error:  # on a full disk
        found = _SYSTEM_ERROR.search(str(error))
        raise (OSError(int(found[2]), found[1]) if found else OSError(str(error))) from error
    finally:
        part.unlink(missing_ok=True)


def _header(content: Any) -> tuple[str, dict[str, Any]]:
    """Return the format and the numbers of a state, from its open file."""
    metadata = content.metadata() or {}
    if (form := metadata.get("format", "")) not in (_FORMAT, _OLDER):
        known = form.startswith(_FORMAT.rstrip("0123456789"))
        raise ValueError("of another version of this program" if known else "of another program")
    numbers = json.loads(metadata["numbers"])
    for name in _COUNTS & {*numbers}:
        numbers[name] = whole_number(name, numbers[name], 0, 2**31)
    return form, numbers


def _no_state(file: str | os.PathLike[str], error: Exception) -> ValueError:
    return ValueError(f"{file_name(file)}: not a saved state ({error}).")


def _with_own_storage(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors on the CPU, of which only those that share a storage are copied.

    safetensors refuses those; copies of all would double the memory of a run while it is saved.
    """
    own, storages = {}, set[int]()
    for name, tensor in tensors.items():
        tensor = tensor.detach().cpu().contiguous()
        storage = tensor.untyped_storage()
        if storage.nbytes() != tensor.nbytes or storage.data_ptr() in storages:
            tensor = tensor.clone()
        storages.add(tensor.untyped_storage().data_ptr())
        own[name] = tensor
    return own


_UNREADABLE = (OSError, SafetensorError, KeyError, TypeError, ValueError, RecursionError)
_SYSTEM_ERROR = re.compile(r"I/O error: (.+) \(os error (\d+)\)")  # in words of safetensors
_COUNTS = {"step", "stage", "setbacks"}
_OPTIONAL = ("good", "touched", "reach")  # tensors, or None
_TENSORS = ("image", "memory", "matches", "before", *_OPTIONAL)
