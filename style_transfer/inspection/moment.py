"""A moment of a run, and the size at which it is looked at."""

from dataclasses import dataclass, replace
from operator import itemgetter

import torch
from torch import Tensor

from style_transfer.engine import (
    Stroke,
    Styles,
    evaluation_shares,
    evaluation_sizes,
    image_size,
    resize_clamped,
)
from style_transfer.images import resize
from style_transfer.settings import Settings


@dataclass(frozen=True, eq=False)
class Moment:
    """A picture as a run has it after a step, and what it is compared with."""

    image: Tensor  # (1, 3, h, w) RGB, at any size, without the strength mask
    content: Tensor  # (1, 3, H, W)
    styles: Styles
    settings: Settings
    strokes: tuple[Stroke, ...] = ()  # that were made until then, and undone

    @property
    def size(self) -> tuple[int, int]:
        """The size (height, width) at which it is inspected: that which counts most.

        It has at most as many pixels as 512 x 512, be the image as large as it may.
        """
        return self._size_and_share[0]

    @property
    def share(self) -> float:
        """How much the size counts in the objective: 1 where no other one does."""
        return self._size_and_share[1]

    @property
    def _size_and_share(self) -> tuple[tuple[int, int], float]:
        size = image_size(self.image)
        shares = evaluation_shares(size, self.settings)
        counted = [*zip(evaluation_sizes(size), shares, strict=True)]
        return max(reversed(counted), key=itemgetter(1))  # of equals the smaller, which costs less

    def at(self, device: torch.device) -> "Moment":
        """Return it at the size at which it is inspected, on a device.

        As the objective has it there: content and picture come from the size of the picture.
        """
        content = resize_clamped(self.content.to(device), image_size(self.image))
        return replace(
            self,
            image=resize(self.image.to(device), self.size),
            content=resize_clamped(content, self.size),
            styles=self.styles.to(device),
        )
