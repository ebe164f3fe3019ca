"""Strokes as a short text, for recipes and links."""

import base64
import json
import zlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from style_transfer.engine.strokes import Stroke

MAX_BYTES = 2**20  # of what is unpacked; all strokes that a page may make on a picture take less
_UNREADABLE = "Its strokes cannot be read."
_UNIT = 10_000  # of a share: points are whole numbers, and differences of them are small ones


def strokes_to_text(strokes: Sequence[Stroke]) -> str:
    """Return strokes as letters that a link can have, "" for none; their numbers are left out.

    JSON of plain strokes, each point as its difference from the one before, packed by zlib.
    """
    if not strokes:
        return ""
    plain = [stroke.as_dict() | {"points": _differences(stroke)} for stroke in strokes]
    packed = zlib.compress(json.dumps(plain, separators=(",", ":")).encode(), 9)
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def strokes_from_text(text: str) -> tuple[Stroke, ...]:
    """Return the strokes that `strokes_to_text` wrote, numbered from 1. Raises ValueError."""
    if not text:
        return ()
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
        unpacker = zlib.decompressobj()
        plain = json.loads(unpacker.decompress(packed, MAX_BYTES))
    except (ValueError, zlib.error, RecursionError):
        raise ValueError(_UNREADABLE) from None
    try:
        found = [Stroke.from_dict(each | {"points": _points(each["points"])}) for each in plain]
    except (TypeError, KeyError, OverflowError):
        raise ValueError(_UNREADABLE) from None
    return tuple(replace(stroke, number=n) for n, stroke in enumerate(found, 1))


def _differences(stroke: Stroke) -> list[int]:
    before, flat = [0, 0, 0], list[int]()
    for point in stroke.points:
        whole = [round(_UNIT * value) for value in point]
        flat += [now - then for now, then in zip(whole, before, strict=True)]
        before = whole
    return flat


def _points(flat: Any) -> list[list[float]]:
    at, points = [0, 0, 0], list[list[float]]()
    for index in range(0, len(flat) - len(flat) % 3, 3):
        at = [now + change for now, change in zip(at, flat[index : index + 3], strict=True)]
        points.append([value / _UNIT for value in at])
    return points
