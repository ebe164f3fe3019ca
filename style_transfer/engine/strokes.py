"""Strokes: what a hand did to the wet paint, as vectors that fit any size of the picture."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any

from style_transfer.checks import is_number, one_of, quoted, whole_number
from style_transfer.settings import MAX_STYLES

STROKE_KINDS = ("smear", "wipe", "color", "clone", "like", "unlike", "undo")
GUIDING = ("like", "unlike")  # change what is optimised, and leave the paint to the next steps
MAX_POINTS = 400  # of a stroke
MAX_LENGTH = 12.0  # of a stroke, in shares; a smear takes a time in proportion to it
RADII = 0.002, 0.5  # range of the radius, in shares of the longer side
PLACE_RADII = 0.01, 0.5  # range of that of a place in a painting
_DECIMALS = 4  # of a share: finer than a pixel of any picture

Point = tuple[float, float, float]  # x and y, shares of width and height, and pressure in [0, 1]
Place = tuple[float, float, float]  # of a painting: x, y, and radius, a share of its longer side


@dataclass(frozen=True)
class Stroke:
    """One stroke of a brush, or the undoing of the newest one that has not been undone.

    "smear" pushes the paint along the stroke, "wipe" brings the photo back, "color" lays in a
    colour, "clone" copies from elsewhere in the picture. "like" lets what it covers be painted like
    a place of a painting from the next step on, and "unlike" ends that for all strokes of that
    place. Raises ValueError, one sentence.
    """

    kind: str
    points: tuple[Point, ...] = ()
    radius: float = 0.05  # share of the picture's longer side
    strength: float = 1.0  # in [0, 1], of what it does in the middle
    color: tuple[float, float, float] = (0.0, 0.0, 0.0)  # RGB in [0, 1]
    hold: float = 1.0  # in [0, 1]: how much of it stays when the content loss pulls it back
    offset: tuple[float, float] = (0.0, 0.0)  # of what is cloned, shares of width and height
    style: int = 1  # number of the painting that has the place
    place: Place = (0.5, 0.5, 0.12)
    number: int = 0  # that whoever drew it counts
    step: int = 0  # steps that were made when it was applied
    at_rest: bool = False  # what is far from it stays as it is while it heals

    def __post_init__(self) -> None:
        one_of("a stroke", self.kind, STROKE_KINDS)
        if not isinstance(self.at_rest, bool):
            raise ValueError(
                f"at_rest of a stroke must be true or false, not {quoted(self.at_rest)}."
            )
        has_line = self.kind not in ("unlike", "undo")
        if has_line and not 1 <= len(self.points) <= MAX_POINTS:
            raise ValueError(f"A stroke has 1 to {MAX_POINTS} points, not {len(self.points)}.")
        points = tuple(_numbers("a point", point, 3, -1, 2) for point in self.points)
        if any(not 0 <= point[2] <= 1 for point in points):
            raise ValueError("The pressure of a stroke must be from 0 to 1.")
        length = sum(math.dist(one[:2], other[:2]) for one, other in pairwise(points))
        if length > MAX_LENGTH:
            raise ValueError(f"A stroke is at most {MAX_LENGTH:g} long, not {length:.3g}.")
        checked = {
            "points": points,
            "radius": _numbers("the radius of a stroke", [self.radius], 1, *RADII)[0],
            "strength": _numbers("the strength of a stroke", [self.strength], 1, 0, 1)[0],
            "hold": _numbers("the hold of a stroke", [self.hold], 1, 0, 1)[0],
            "color": _numbers("the colour of a stroke", self.color, 3, 0, 1),
            "offset": _numbers("the offset of a stroke", self.offset, 2, -2, 2),
            "style": whole_number("the style of a stroke", self.style, 1, MAX_STYLES),
            "place": _place(self.place),
            "number": whole_number("the number of a stroke", self.number, 0, 2**53),
            "step": whole_number("the step of a stroke", self.step, 0, 2**31),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)  # the dataclass is frozen

    def as_dict(self) -> dict[str, Any]:
        """Return the stroke as plain data, without what has its default and without `number`."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        default = Stroke("undo")
        shown = {n: v for n, v in values.items() if n == "kind" or v != getattr(default, n)}
        shown.pop("number", None)
        return {name: _plain(value) for name, value in shown.items()}

    @classmethod
    def from_dict(cls, data: Any) -> "Stroke":
        """Return the stroke that `as_dict` made plain. Raises ValueError, one sentence."""
        names = {f.name for f in fields(cls)}
        if not isinstance(data, Mapping) or "kind" not in data or not names.issuperset(data):
            raise ValueError(f"A stroke has a kind and may have {', '.join(sorted(names))}.")
        if not isinstance(data.get("points", ()), list | tuple):
            raise ValueError("The points of a stroke are a list.")
        return cls(**data)


def in_effect(strokes: Sequence[Stroke]) -> tuple[Stroke, ...]:
    """Return the strokes that have not been undone, oldest first."""
    kept: list[Stroke] = []
    for stroke in strokes:
        if stroke.kind != "undo":
            kept.append(stroke)
        elif kept:
            kept.pop()
    return tuple(kept)


def on_paint(strokes: Sequence[Stroke]) -> tuple[Stroke, ...]:
    """Return those strokes in effect that have touched the paint, oldest first."""
    return tuple(stroke for stroke in in_effect(strokes) if stroke.kind not in GUIDING)


def due(strokes: Sequence[Stroke], done: Sequence[Stroke], step: int) -> list[Stroke]:
    """Return the strokes that are to be done after `step`, by their numbers none of those `done`.

    Those of a recipe come again at their steps, those that a hand has just made at once.
    """
    numbers = {stroke.number for stroke in done}
    return [each for each in strokes if each.number not in numbers and each.step <= step]


def newest_number(strokes: Sequence[Stroke]) -> int:
    """Return the highest number of strokes, 0 for none."""
    return max((stroke.number for stroke in strokes), default=0)


def _numbers(what: str, values: Any, count: int, low: float, high: float) -> tuple[float, ...]:
    """Return `count` rounded numbers from `low` to `high`. Raises ValueError for anything else."""
    if not isinstance(values, list | tuple) or len(values) != count:
        raise ValueError(f"{what} has {count} numbers.".capitalize())
    for value in values:
        if not is_number(value) or not low <= value <= high:  # NaN also fails
            raise ValueError(f"{what} must be from {low:g} to {high:g}, not {quoted(value)}.")
    return tuple(round(float(value), _DECIMALS) for value in values)


def _place(values: Any) -> Place:
    x, y, radius = _numbers("the place in a painting", values, 3, 0, 1)
    _numbers("the radius of the place in a painting", [radius], 1, *PLACE_RADII)
    return x, y, radius


def _plain(value: Any) -> Any:
    return [_plain(each) for each in value] if isinstance(value, tuple) else value
