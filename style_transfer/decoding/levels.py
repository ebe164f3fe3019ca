"""Photos as whole numbers, in which they travel between processes."""

import numpy as np

from style_transfer.picture_files import Photo

CHANNELS = (3, 4)  # the fourth is opacity
TYPES = (np.uint8, np.uint16)
_MOST = 65535


def to_levels(photo: Photo) -> np.ndarray:
    """Return the colours (H, W, 3) of a photo, or with its opacity (H, W, 4).

    They are uint8 for opaque colours of 8 bits, else uint16, in which those are without loss.
    """
    colours, opacity = photo.colours, photo.opacity
    if opacity is None and colours.dtype == np.uint8:
        return colours
    channels = 3 if opacity is None else 4
    levels = np.empty((*colours.shape[:2], channels), np.uint16)
    most = _MOST / 255 if colours.dtype == np.uint8 else _MOST
    np.rint(colours * np.float32(most), out=levels[..., :3], casting="unsafe")
    if opacity is not None:
        np.rint(opacity * np.float32(_MOST), out=levels[..., 3], casting="unsafe")
    return levels


def to_photo(levels: np.ndarray) -> Photo:
    """Return the photo of what `to_levels` returned."""
    if levels.dtype == np.uint8:
        return Photo(levels)
    values = levels * np.float32(1 / _MOST)
    return Photo(values[..., :3], values[..., 3] if levels.shape[2] > 3 else None)
