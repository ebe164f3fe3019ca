"""Local styles: parts of the picture that are painted like a place of one of the paintings."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from style_transfer.engine.brushes import stroke_cover
from style_transfer.engine.strokes import Place, Stroke, in_effect

MAX_LOCAL_STYLES = 8  # of a picture; each takes 5 to 10 % of a step


@dataclass(frozen=True)
class LocalStyle:
    """A place of a painting, and the strokes over what is painted like it."""

    style: int  # number of the painting, from 1
    place: Place
    strokes: tuple[Stroke, ...]

    def region(self, size: tuple[int, int]) -> Tensor:
        """Return how far each pixel is to be like the place, (1, 1, H, W) in [0, 1] at `size`."""
        return torch.stack([stroke_cover(stroke, size) for stroke in self.strokes]).amax(0)


def local_styles(strokes: Sequence[Stroke]) -> tuple[LocalStyle, ...]:
    """Return what strokes let be painted like places, in the order in which these were picked."""
    found: dict[tuple[int, Place], tuple[Stroke, ...]] = {}
    for stroke in in_effect(strokes):
        key = stroke.style, stroke.place
        if stroke.kind == "like":
            found[key] = (*found.get(key, ()), stroke)
        elif stroke.kind == "unlike":
            found.pop(key, None)
    return tuple(LocalStyle(*key, each) for key, each in found.items())


def check_places(strokes: Sequence[Stroke]) -> None:
    """Raise ValueError, one sentence, for strokes that pick too many places."""
    if (count := len(local_styles(strokes))) > MAX_LOCAL_STYLES:
        raise ValueError(
            f"A picture is painted like at most {MAX_LOCAL_STYLES} places, not {count}; remove one."
        )


def changed_strokes(before: Sequence[Stroke], after: Sequence[Stroke]) -> tuple[Stroke, ...]:
    """Return the strokes over parts that are to be like other places than before."""
    sides = [
        {(s.style, s.place, each) for s in local_styles(side) for each in s.strokes}
        for side in (before, after)
    ]
    return tuple(stroke for *_, stroke in sides[0] ^ sides[1])
