"""Styles: the style images of a run and the masks that say where each of them applies."""

import math
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from style_transfer.engine.masks import feather, feather_inwards, read_mask, resize_mask
from style_transfer.images import check_image
from style_transfer.settings import MAX_STYLES

_NO_STYLE = 1e-6  # weight of all styles together where none applies, instead of 0
_ASPECT_TOLERANCE = 0.1  # largest difference of the logarithms of two aspect ratios


@dataclass(frozen=True, eq=False)
class Styles:
    """One to four style images, with masks of the content image for where they apply.

    Immutable: a run is given another value to change its styles. Raises ValueError, one sentence,
    for a wrong number of images or a mask that cannot be used.
    """

    images: tuple[Tensor, ...]  # each (1, 3, h, w) RGB in [0, 1]
    strength: Tensor | None = None  # (1, 1, H, W): 0 leaves the content image, 1 is full style
    style_masks: tuple[Tensor, ...] | None = None  # one for each image; None: all apply everywhere

    def __post_init__(self) -> None:
        for name in ("images", "style_masks"):
            if (given := getattr(self, name)) is not None:
                object.__setattr__(self, name, tuple(given))  # the dataclass is frozen
        if not 1 <= len(self.images) <= MAX_STYLES:
            raise ValueError(f"A run has 1 to {MAX_STYLES} styles, not {len(self.images)}.")
        if self.style_masks is not None and len(self.style_masks) != len(self.images):
            count = f"{len(self.style_masks)} masks for {len(self.images)} styles"
            raise ValueError(f"There are {count}; each style needs one.")
        for mask in self._masks:
            if not isinstance(mask, Tensor):
                kind = type(mask).__name__
                raise ValueError(f"A mask must be a tensor (1, 1, H, W), not {kind}.")
            if mask.dim() != 4 or mask.shape[:2] != (1, 1) or not mask.numel():
                raise ValueError(f"A mask must be (1, 1, H, W), not {tuple(mask.shape)}.")
            if not 0 <= mask.min() <= mask.max() <= 1:  # NaN also fails
                raise ValueError("The values of a mask must be from 0 to 1.")

    @classmethod
    def of(cls, style: "Tensor | Sequence[Tensor] | Styles") -> "Styles":
        """Return one style image, or several, as Styles without masks. Raises ValueError."""
        if isinstance(style, Styles):
            return style
        if isinstance(style, str) or not isinstance(style, Iterable):
            kind = type(style).__name__
            raise ValueError(f"The style must be a tensor (1, 3, H, W), or several, not {kind}.")
        return cls((style,) if isinstance(style, Tensor) else tuple(style))

    def where_seen(self, opacity: Tensor | None) -> "Styles":
        """Return these styles, applied where a photo of this opacity (1, 1, H, W) is seen.

        What lies under nothing has no share in the style then. Styles that have masks keep them.
        """
        if opacity is None or self._masks:
            return self
        return Styles(self.images, style_masks=(opacity.clamp(0, 1),) * len(self.images))

    def with_masks_of(self, others: "Styles") -> "Styles":
        """Return these style images with the masks that other styles have.

        One that is not of the others applies where all of those do.
        """
        if others.style_masks is None:
            return Styles(self.images, others.strength)
        pairs = [*zip(others.images, others.style_masks, strict=True)]
        shared = torch.stack(others.style_masks).amin(0)
        masks = (
            next((mask for image, mask in pairs if image is each), shared) for each in self.images
        )
        return Styles(self.images, others.strength, tuple(masks))

    def describe_change(self, after: "Styles") -> str:
        """Return in words what differs, such as "2 styles, other regions"; "" if nothing."""
        words, count = [], len(after.images)
        if count != len(self.images):
            words.append(f"{count} style{'s' if count > 1 else ''}")
        elif not _equal(self.images, after.images):
            words.append("another style picture")
        masks_equal = _equal(self.style_masks, after.style_masks)
        if not masks_equal or not _equal(self.strength, after.strength):
            words.append("other regions")
        return ", ".join(words)

    @property
    def _masks(self) -> tuple[Tensor, ...]:
        return (*(() if self.strength is None else (self.strength,)), *(self.style_masks or ()))

    @property
    def _tensors(self) -> tuple[Tensor, ...]:
        return self.images + self._masks

    def check_tensors(self) -> None:
        """Raise ValueError, one sentence, for images and masks that no run can be made with."""
        for number, image in enumerate(self.images, 1):
            check_image(f"Style image {number}", image)
        for mask in self._masks:
            if mask.dtype != torch.float32:
                kind = str(mask.dtype).removeprefix("torch.")
                raise ValueError(f"A mask must be of float32 in [0, 1], not of {kind}.")

    def check(self, content: Tensor) -> None:
        """Raise ValueError where a mask's aspect ratio is not that of `content` (1, 3, H, W)."""
        height, width = content.shape[-2:]
        for mask in self._masks:
            mask_height, mask_width = mask.shape[-2:]
            if abs(math.log(mask_width / mask_height * height / width)) > _ASPECT_TOLERANCE:
                raise ValueError(
                    f"The mask, {mask_width} x {mask_height}, has other proportions than the "
                    f"photo, {width} x {height}."
                )

    def strength_at(self, size: tuple[int, int]) -> Tensor | None:
        """Return the strength mask with soft edges, (1, 1, H, W) at `size` (height, width)."""
        if self.strength is None:
            return None
        if (known := self._strengths.get(size)) is None:
            known = feather_inwards(resize_mask(self.strength, size))
            self._strengths.clear()
            self._strengths[size] = known
        return known

    def style_masks_at(self, size: tuple[int, int]) -> list[Tensor] | None:
        """Return the masks of the styles with soft edges, each (1, 1, H, W) at `size`."""
        if self.style_masks is None:
            return None
        return [feather(resize_mask(mask, size)) for mask in self.style_masks]

    def mean_at(
        self, size: tuple[int, int], values: Sequence[Tensor], weights: Sequence[float]
    ) -> Tensor:
        """Return the mean of what each style has, at each position where it applies.

        `values` are numbers or (1, C, H, W) at `size` (height, width), one for each style image.
        The mean is by weights and masks, times the strength; 0 where no style applies.
        """
        device = values[0].device
        masks = self.style_masks_at(size) or [torch.ones(1)] * len(values)
        parts = [weight * mask.to(device) for weight, mask in zip(weights, masks, strict=True)]
        total = torch.stack(parts).sum(0).clamp_min(_NO_STYLE)
        mean = torch.stack([part * each for part, each in zip(parts, values, strict=True)]).sum(0)
        strength = self.strength_at(size)
        return mean / total * (1 if strength is None else strength.to(device))

    def to(self, device: torch.device) -> "Styles":
        """Return these styles with all tensors on `device`; `self` where they are there."""
        if all(tensor.device == device for tensor in self._tensors):
            return self
        masks = self.style_masks
        return Styles(
            tuple(image.to(device) for image in self.images),
            None if self.strength is None else self.strength.to(device),
            None if masks is None else tuple(mask.to(device) for mask in masks),
        )

    def as_tensors(self) -> dict[str, Tensor]:
        """Return all images and masks by the names under which checkpoints store them."""
        tensors = {f"style {n}": image for n, image in enumerate(self.images, 1)}
        # "area": the name in files of earlier versions
        tensors |= {f"area {n}": mask for n, mask in enumerate(self.style_masks or (), 1)}
        return tensors if self.strength is None else tensors | {"strength": self.strength}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor]) -> "Styles":
        """Return the styles that `as_tensors` took apart; other names are ignored."""

        def numbered(kind: str) -> tuple[Tensor, ...]:
            names = (f"{kind} {n}" for n in range(1, MAX_STYLES + 1))
            return tuple(tensors[name] for name in names if name in tensors)

        return cls(numbered("style"), tensors.get("strength"), numbered("area") or None)

    @cached_property
    def _strengths(self) -> dict[tuple[int, int], Tensor]:
        """The last one that `strength_at` has returned: each frame asks for it anew."""
        return {}

    @cached_property
    def fingerprint(self) -> str:
        """A checksum of all images and masks, the same in every process."""
        # Tells the mask of a style from a strength; 0 without, as in states of earlier versions.
        code = zlib.crc32(b"style masks" if self.style_masks else b"")
        for tensor in self._tensors:
            code = zlib.crc32(str(tuple(tensor.shape)).encode(), code)
            code = zlib.crc32(tensor.detach().cpu().contiguous().numpy(), code)
        return f"{len(self.images)}-{code:08x}"


def masked(images: tuple[Tensor, ...], mask: Tensor) -> Styles:
    """Return style images with the masks that a mask picture (1, 3, H, W) codes for them.

    See `read_mask`. A mask that is 1 everywhere is left out.
    """
    strength, masks = read_mask(mask)
    style_masks = tuple(masks[: len(images)].unsqueeze(1))
    return Styles(
        images,
        None if (strength == 1).all() else strength,
        None if all((each == 1).all() for each in style_masks) else style_masks,
    )


def _equal(one: Tensor | tuple[Tensor, ...] | None, other: object) -> bool:
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(_equal, one, other))
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        return one is other or torch.equal(one, other)
    return one is other
