"""The frame of a painting: a plain border, a passe-partout or an oval around what was painted.

A margin counts as a frame where it is of one colour, lies on opposite sides and ends at an edge
along the whole side. A sky, a dark ground behind a head or the paper of a drawing does not.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

_TOLERANCE = 0.08  # of each colour channel; a margin as JPEG leaves it is that even
_PLAIN = 0.95  # share of a row's pixels in the margin's colour; the rest are scratches and dust
_PAINTED = 0.75  # share of the pixels just inside the edge that have another colour
_DEEPEST = 0.25  # of a side's length that a margin may take
_EDGE = 0.02  # of a side's length over which the edge may run, as in a picture that hangs askew
_MIN_DEPTH = 2  # px; a single row is an artefact of scanning or resizing
_OVAL = 0.7  # of each side that an oval takes; a smaller one is what was painted
_ROUNDS = 3  # at most, for a frame within a frame
_MIN_PAINTED = 32  # px of each side that are left; a frame of anything smaller stays


class Box(NamedTuple):
    """A rectangle of pixels, as slices take it."""

    top: int
    bottom: int
    left: int
    right: int

    def cropped(self, image: Tensor) -> Tensor:
        """Return this part of an image (1, 3, H, W); the image itself where that is all of it."""
        if self == Box(0, image.shape[-2], 0, image.shape[-1]):
            return image
        return image[..., self.top : self.bottom, self.left : self.right]


def painted_box(image: Tensor) -> Box:
    """Return the part of an image (1, 3, H, W) within its frame, all of it without one.

    Of an oval that is the largest rectangle of the oval's proportions.
    """
    found = Box(0, image.shape[-2], 0, image.shape[-1])
    for _ in range(_ROUNDS):
        part = found.cropped(image)
        box = _within_margins(part) or _within_oval(part)
        if box is None or min(box.bottom - box.top, box.right - box.left) < _MIN_PAINTED:
            break
        top, left = found.top, found.left
        found = Box(top + box.top, top + box.bottom, left + box.left, left + box.right)
    return found


class _Margin(NamedTuple):
    """The plain rows along one side."""

    color: Tensor  # (3,)
    rows: int  # that are plain
    inside: int  # of the rows from the side on, the first that is painted


def _within_margins(image: Tensor) -> Box | None:
    """Return what is within plain margins on opposite sides, None where there are none."""
    picture = image[0]
    upright = picture.transpose(1, 2)
    # Each side as rows from the border inwards: top, bottom, left, right.
    sides = (picture, picture.flip(1), upright, upright.flip(1))
    rows = [_plain_rows(side) for side in sides]
    spans = (rows[2:], rows[2:], rows[:2], rows[:2])
    margins = [
        _margin(side, count, *span) for side, count, span in zip(sides, rows, spans, strict=True)
    ]
    framing = [
        pair
        for pair in (margins[:2], margins[2:])
        if pair[0] and pair[1] and _alike(pair[0].color, pair[1].color)
    ]
    if not framing:
        return None
    color = framing[0][0].color  # type: ignore[union-attr]
    top, bottom, left, right = (
        each.inside if each and _alike(each.color, color) else 0 for each in margins
    )
    height, width = picture.shape[1:]
    return Box(top, height - bottom, left, width - right)


def _plain_rows(side: Tensor) -> int:
    """Return how many of the first rows of (3, H, W) are in the colour of the outermost ones."""
    color, deepest = _color_of(side[:, :_MIN_DEPTH]), int(_DEEPEST * side.shape[1])
    count = 0
    while count <= deepest and _share(side[:, count], color) >= _PLAIN:
        count += 1
    return count if _MIN_DEPTH <= count <= deepest else 0


def _margin(side: Tensor, rows: int, before: int, after: int) -> _Margin | None:
    """Return the margin of so many plain rows of (3, H, W) if it ends at an edge, else None.

    `before` and `after` are the plain columns at both ends, which have no edge.
    """
    if not rows:
        return None
    color = _color_of(side[:, :_MIN_DEPTH])
    gap = max(3, math.ceil(_EDGE * side.shape[1]))
    for row in range(rows, rows + gap):
        within = side[:, row, before : side.shape[2] - after]
        if 1 - _share(within, color) >= _PAINTED:
            return _Margin(color, rows, row + 1)  # that row may still be a mixture of both
    return None


def _within_oval(image: Tensor) -> Box | None:
    """Return the rectangle in an oval on a ground of one colour, None where there is no oval."""
    picture = image[0]
    height, width = picture.shape[1:]
    corners = picture[:, [0, 0, -1, -1], [0, -1, 0, -1]]
    painted = ~_is_like(picture, _color_of(corners))
    rows, columns = (_extent(painted.float().mean(side)) for side in (1, 0))
    if rows[1] - rows[0] < _OVAL * height or columns[1] - columns[0] < _OVAL * width:
        return None
    radius = _radius(height, rows, image).unsqueeze(1).hypot(_radius(width, columns, image))
    outside, ring = painted[radius > 1.03], painted[(radius > 0.85) & (radius < 0.95)]
    if outside.float().mean() > 1 - _PLAIN or ring.float().mean() < _PAINTED:
        return None
    return Box(*_inscribed(rows), *_inscribed(columns))


def _extent(shares: Tensor) -> tuple[int, int]:
    """Return the first row of which more than scratches is painted, and the end of the last."""
    rows = (shares > 1 - _PLAIN).nonzero().flatten().tolist() or [0, -1]
    return rows[0], rows[-1] + 1


def _radius(length: int, extent: tuple[int, int], like: Tensor) -> Tensor:
    """Return the places from 0 to `length` in units of half an extent, from its middle."""
    first, end = extent
    places = torch.arange(length, device=like.device, dtype=like.dtype)
    return (2 * places + 1 - first - end) / (end - first)


def _inscribed(extent: tuple[int, int]) -> tuple[int, int]:
    """Return the part of an oval's extent that the largest rectangle in it takes, a bit less."""
    first, end = extent
    margin = math.ceil((1 - 0.95 * math.sqrt(0.5)) / 2 * (end - first))
    return first + margin, end - margin


def _color_of(pixels: Tensor) -> Tensor:
    return pixels.flatten(1).median(dim=1).values


def _alike(one: Tensor, other: Tensor) -> bool:
    return bool((one - other).abs().max() <= _TOLERANCE)


def _is_like(pixels: Tensor, color: Tensor) -> Tensor:
    shape = (3,) + (1,) * (pixels.dim() - 1)
    return (pixels - color.view(shape)).abs().amax(0) <= _TOLERANCE


def _share(pixels: Tensor, color: Tensor) -> float:
    """Return the share of pixels (3, N) that are like the colour."""
    return float(_is_like(pixels, color).float().mean())
