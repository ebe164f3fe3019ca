"""Styles: the paintings of a run and where each goes. A value: replaced whole to change them."""

import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from style_transfer.engine.masks import at_size, blurred, read_mask, soft
from style_transfer.settings import MAX_STYLES

_STRETCH = 0.1  # by so much the proportions of mask and photo may differ


@dataclass(frozen=True, eq=False)
class Styles:
    """One to four paintings, how strongly each part of the photo is painted, and in which style.

    Raises ValueError, one sentence, for more paintings or masks that cannot be used.
    """

    paintings: tuple[Tensor, ...]  # each (1, 3, h, w) RGB in [0, 1]
    strength: Tensor | None = None  # mask of the photo: 0 leaves it, 1 paints it; None: 1
    areas: tuple[Tensor, ...] | None = None  # a mask for each painting; None: all everywhere

    def __post_init__(self) -> None:
        if not 1 <= len(self.paintings) <= MAX_STYLES:
            raise ValueError(f"A run has 1 to {MAX_STYLES} styles, not {len(self.paintings)}.")
        if self.areas is not None and len(self.areas) != len(self.paintings):
            count = f"{len(self.areas)} masks for {len(self.paintings)} styles"
            raise ValueError(f"There are {count}; each style needs one.")
        for mask in self._masks:
            if mask.dim() != 4 or mask.shape[:2] != (1, 1):
                raise ValueError(f"A mask must be (1, 1, H, W), not {tuple(mask.shape)}.")
            if not 0 <= mask.min() <= mask.max() <= 1:  # NaN also fails
                raise ValueError("The values of a mask must be from 0 to 1.")

    @classmethod
    def of(cls, style: "Tensor | Sequence[Tensor] | Styles") -> "Styles":
        """Return one painting, or several, as Styles."""
        if isinstance(style, Styles):
            return style
        return cls((style,) if isinstance(style, Tensor) else tuple(style))

    def describe_change(self, after: "Styles") -> str:
        """Return in words what differs, such as "2 styles, other regions"; "" if nothing."""
        words, count = [], len(after.paintings)
        if count != len(self.paintings):
            words.append(f"{count} style{'s' if count > 1 else ''}")
        elif not _same(self.paintings, after.paintings):
            words.append("another style picture")
        if not _same(self.strength, after.strength) or not _same(self.areas, after.areas):
            words.append("other regions")
        return ", ".join(words)

    @property
    def _masks(self) -> tuple[Tensor, ...]:
        return (*(() if self.strength is None else (self.strength,)), *(self.areas or ()))

    @property
    def _tensors(self) -> tuple[Tensor, ...]:
        return self.paintings + self._masks

    def check(self, photo: Tensor) -> None:
        """Raise ValueError where a mask has not the proportions of `photo` (1, 3, H, W)."""
        height, width = photo.shape[-2:]
        for mask in self._masks:
            high, wide = mask.shape[-2:]
            if abs(math.log(wide / high * height / width)) > _STRETCH:
                raise ValueError(
                    f"The mask, {wide} x {high}, has other proportions than the photo, "
                    f"{width} x {height}."
                )

    def strength_at(self, size: tuple[int, int]) -> Tensor | None:
        """Return the strength with soft edges, (1, 1, H, W) at `size` (height, width)."""
        return None if self.strength is None else soft(at_size(self.strength, size))

    def areas_at(self, size: tuple[int, int]) -> list[Tensor] | None:
        """Return the areas, each (1, 1, H, W) at `size`, one passing softly into the other."""
        if self.areas is None:
            return None
        return [blurred(at_size(area, size)) for area in self.areas]

    def to(self, device: torch.device) -> "Styles":
        """Return these with all tensors on `device`; themselves where they are there."""
        if all(tensor.device == device for tensor in self._tensors):
            return self
        areas = None if self.areas is None else tuple(area.to(device) for area in self.areas)
        strength = None if self.strength is None else self.strength.to(device)
        return Styles(tuple(each.to(device) for each in self.paintings), strength, areas)

    def as_tensors(self) -> dict[str, Tensor]:
        """Return all pictures and masks by names that `from_tensors` knows."""
        tensors = {f"style {n}": painting for n, painting in enumerate(self.paintings, 1)}
        tensors |= {f"area {n}": area for n, area in enumerate(self.areas or (), 1)}
        return tensors if self.strength is None else tensors | {"strength": self.strength}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor]) -> "Styles":
        """Return what `as_tensors` took apart; other names are ignored."""

        def listed(kind: str) -> tuple[Tensor, ...]:
            names = (f"{kind} {n}" for n in range(1, MAX_STYLES + 1))
            return tuple(tensors[name] for name in names if name in tensors)

        return cls(listed("style"), tensors.get("strength"), listed("area") or None)

    @cached_property
    def fingerprint(self) -> str:
        """What tells these pictures and masks from others, also in another process."""
        code = 0
        for tensor in self._tensors:
            code = zlib.crc32(str(tuple(tensor.shape)).encode(), code)
            code = zlib.crc32(tensor.detach().cpu().contiguous().numpy(), code)
        return f"{len(self.paintings)}-{code:08x}"


def masked(paintings: tuple[Tensor, ...], mask: Tensor) -> Styles:
    """Return the paintings where a mask picture (1, 3, H, W) puts them, see `read_mask`."""
    strength, areas = read_mask(mask)
    own = tuple(areas[: len(paintings)].unsqueeze(1))
    return Styles(
        paintings,
        None if (strength == 1).all() else strength,
        None if all((area == 1).all() for area in own) else own,
    )


def _same(one: Tensor | tuple[Tensor, ...] | None, other: object) -> bool:
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        return one is other or torch.equal(one, other)
    return one is other
