"""The content image with strokes on it, as the run began with it."""

from collections.abc import Sequence

from torch import Tensor

from style_transfer.engine.brushes import brushed
from style_transfer.engine.pyramid import BaseAt, resize_clamped
from style_transfer.engine.strokes import Stroke, in_effect


class StrokedContent:
    """The content image with all strokes done on it, at any size; the newest of each is kept.

    A stylised image moves between sizes as its difference from this: from the content image alone,
    the unmoved detail of the photo would come back over a smear.
    """

    def __init__(self, content: Tensor) -> None:
        """Take the content image (1, 3, H, W) in [0, 1]."""
        self._content = content
        self._known: dict[tuple[int, int], tuple[tuple[Stroke, ...], Tensor]] = {}

    def photo(self, size: tuple[int, int]) -> Tensor:
        """Return the content image at `size` (height, width), without strokes."""
        return resize_clamped(self._content, size)

    def at(self, size: tuple[int, int], strokes: Sequence[Stroke]) -> Tensor:
        """Return the content image at `size` (height, width) after those strokes in effect."""
        wanted = in_effect(strokes)
        if not wanted:
            return self.photo(size)
        done, image = self._known.get(size, ((), self._content))
        if not done or wanted[: len(done)] != done:
            done, image = (), self.photo(size)
        photo = self.photo(size)
        for stroke in wanted[len(done) :]:
            image = brushed(image, stroke, photo).clamp(0, 1)
        self._known[size] = wanted, image
        return image

    def sized(self, strokes: Sequence[Stroke]) -> BaseAt:
        """Return `at` for these strokes, as a function of the size."""
        return lambda size: self.at(size, strokes)
