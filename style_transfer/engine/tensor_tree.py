"""Nested data taken apart into its tensors, its numbers and its structure, and put together again.

The data are tuples, lists, mappings and dataclasses of tensors, floats and whatever can be hashed.
Two of them have equal structures where they differ in the values of tensors and floats alone.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

Number = float | Tensor  # a float in data, a 0-d tensor where it was put in as one of `numbers`


class _Leaf(NamedTuple):
    """The place of a tensor."""

    place: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]
    dtype: torch.dtype
    device: torch.device


class _Float(NamedTuple):
    """The place of a number."""

    place: int


class _Branch(NamedTuple):
    """The place of a tuple, list, mapping or dataclass."""

    kind: type
    names: tuple[Any, ...]  # keys or fields, none of a sequence
    children: tuple[Hashable, ...]


@dataclass
class Parts:
    """What data were taken apart into. A tensor that occurs twice is one of `tensors`."""

    tensors: list[Tensor]
    numbers: list[float]
    structure: Hashable


def take_apart(data: Any) -> Parts:
    """Return the parts of data. Raises TypeError for what cannot be hashed."""
    tensors, numbers = list[Tensor](), list[float]()
    known = dict[int, Hashable]()  # the place of each tensor, by its id

    def visit(value: Any) -> Hashable:
        if isinstance(value, Tensor):
            if id(value) not in known:
                known[id(value)] = _Leaf(
                    len(tensors), tuple(value.shape), value.stride(), value.dtype, value.device
                )
                tensors.append(value)
            return known[id(value)]
        if type(value) is float:
            numbers.append(value)
            return _Float(len(numbers) - 1)
        if isinstance(value, tuple | list):
            return _Branch(type(value), (), tuple(map(visit, value)))
        if isinstance(value, Mapping):
            return _Branch(dict, tuple(value), tuple(map(visit, value.values())))
        if is_dataclass(value) and not isinstance(value, type) and (names := _names(value)):
            return _Branch(type(value), names, tuple(visit(getattr(value, n)) for n in names))
        return value

    structure = visit(data)
    hash(structure)
    return Parts(tensors, numbers, structure)


def put_together(structure: Hashable, tensors: Sequence[Tensor], numbers: Sequence[Number]) -> Any:
    """Return the data of a structure, with these tensors and numbers."""
    if isinstance(structure, _Leaf):
        return tensors[structure.place]
    if isinstance(structure, _Float):
        return numbers[structure.place]
    if not isinstance(structure, _Branch):
        return structure
    children = [put_together(each, tensors, numbers) for each in structure.children]
    kind: Any = structure.kind
    if is_dataclass(kind):
        made: Any = object.__new__(structure.kind)  # its constructor may refuse tensors for numbers
        made.__dict__.update(zip(structure.names, children, strict=True))
        return made
    if structure.names:
        return dict(zip(structure.names, children, strict=True))
    return kind._make(children) if hasattr(kind, "_make") else kind(children)


def vector(numbers: Sequence[Number], like: Tensor) -> Tensor:
    """Return numbers as a vector (n,), in the type and on the device of a tensor."""
    tensors = [each for each in numbers if isinstance(each, Tensor)]
    if len(tensors) < len(numbers) or not numbers:
        return like.new_tensor(numbers)
    return torch.stack(tensors).to(like.dtype)


def _names(value: Any) -> tuple[str, ...]:
    """Return the names of the fields of a dataclass."""
    return tuple(each.name for each in fields(value))
