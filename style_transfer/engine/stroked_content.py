"""The content image with strokes on it, as the run began with it."""

from collections.abc import Sequence

import torch
from torch import Tensor

from style_transfer.engine.brushes import brushed
from style_transfer.engine.pyramid import BaseAt, resize_clamped
from style_transfer.engine.strokes import Stroke, on_paint


class StrokedContent:
    """The content image with all strokes done on it, at any size; the newest of each is kept.

    A stylised image moves between sizes as its difference from this: from the content image alone,
    the unmoved detail of the photo would come back over a smear.
    """

    def __init__(self, content: Tensor) -> None:
        """Take the content image (1, 3, H, W) in [0, 1]."""
        self._content = content
        self._known: dict[tuple[tuple[int, int], bool], tuple[tuple[Stroke, ...], Tensor]] = {}

    def photo(self, size: tuple[int, int]) -> Tensor:
        """Return the content image at `size` (height, width), without strokes."""
        return resize_clamped(self._content, size)

    def at(self, size: tuple[int, int], strokes: Sequence[Stroke]) -> Tensor:
        """Return the content image at `size` (height, width) after those strokes in effect."""
        return self._done(size, on_paint(strokes), held=False)

    def held(self, size: tuple[int, int], strokes: Sequence[Stroke]) -> Tensor:
        """Return `at`, where each stroke has been done as far as it is held."""
        return self._done(size, on_paint(strokes), held=True)

    def _done(self, size: tuple[int, int], wanted: tuple[Stroke, ...], held: bool) -> Tensor:
        if not wanted:
            return self.photo(size)
        done, image = self._known.get((size, held), ((), self._content))
        if not done or wanted[: len(done)] != done:
            done, image = (), self.photo(size)
        photo = self.photo(size)
        for stroke in wanted[len(done) :]:
            after = brushed(image, stroke, photo).clamp(0, 1)
            image = torch.lerp(image, after, stroke.hold) if held else after
        self._known[size, held] = wanted, image
        return image

    def sized(self, strokes: Sequence[Stroke]) -> BaseAt:
        """Return `at` for these strokes, as a function of the size."""
        return lambda size: self.at(size, strokes)
