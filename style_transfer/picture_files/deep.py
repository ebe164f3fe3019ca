"""Colours of 16 bits a channel: all of their bits.

Pillow has no colours of more than 8 bits. But it is told in which order a file has the two bytes of
a number, and keeps the higher one: told the other order, it keeps the lower one.
"""

import sys
from typing import Any

import numpy as np
from PIL import Image

_HIGHER = {"L": "B", "B": "L"}
_HIGHER["N"] = _HIGHER["L" if sys.byteorder == "little" else "B"]  # what libtiff hands over
_MODES = {"RGB;16", "RGBA;16", "RGBX;16"}  # raw modes without the order
_TRANSPARENT = "transparency"  # a colour that a PNG declares so, of which Pillow keeps 8 bits
_PLANES = 284  # the tag of TIFF; 2: a channel after the other


def is_deep(image: Image.Image) -> bool:
    """Tell whether a picture, not decoded yet, has colours of 16 bits that can be read whole."""
    if image.format not in ("PNG", "TIFF") or _TRANSPARENT in image.info:
        return False
    planes = getattr(image, "tag_v2", {}).get(_PLANES, 1)
    tiles = getattr(image, "tile", [])
    return planes == 1 and bool(tiles) and all(_raw_mode(t)[:-1] in _MODES for t in tiles)


def load_lower_bytes(image: Image.Image) -> None:
    """Decode a picture for which `is_deep` holds to the lower byte of each number."""
    image.tile = [_swapped(tile) for tile in image.tile]  # type: ignore[attr-defined]
    image.load()


def joined(higher: Image.Image, lower: Image.Image) -> np.ndarray:
    """Return the numbers of two decoded pictures of their bytes, (H, W, C) float32 in [0, 1]."""
    return (np.asarray(higher) * np.float32(256) + np.asarray(lower)) * np.float32(1 / 65535)


def _raw_mode(tile: Any) -> str:
    arguments = tile[3]
    return str(arguments if isinstance(arguments, str) else arguments[0])


def _swapped(tile: Any) -> Any:
    mode = _raw_mode(tile)
    other = mode[:-1] + _HIGHER[mode[-1]]
    arguments = other if isinstance(tile[3], str) else (other, *tile[3][1:])
    # A named tuple since Pillow 11.
    changed = (*tile[:3], arguments)
    return type(tile)(*changed) if hasattr(tile, "_fields") else changed
