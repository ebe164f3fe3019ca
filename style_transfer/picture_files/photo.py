"""Photos with all of their bits, their transparency, and what their files say beside."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from PIL import Image
from PIL.ExifTags import Base

from style_transfer.picture_files import colours, deep
from style_transfer.picture_files.exif import Exif, dpi_in_exif, exif_of
from style_transfer.picture_files.levels import scaled
from style_transfer.picture_files.opening import (
    JPEG,
    UPRIGHT,
    File,
    decode,
    decoding,
    name_of,
    opened,
    orientation,
    recognised,
    turn_to,
)
from style_transfer.picture_files.profiles import SRGB, ColourSpace, greys_to_srgb
from style_transfer.picture_files.sizes import painted_size

_RGB = ("RGB", "RGBA", "RGBa", "RGBX", "P")  # modes whose profile is of RGB
_TINY = 1e-6  # opacity below which there is no colour
_TRANSPOSING = {UPRIGHT[orientation] for orientation in (5, 6, 7, 8)}


@dataclass(frozen=True, eq=False)
class Photo:
    """A photo in sRGB, and what its file says beside."""

    colours: np.ndarray  # (H, W, 3): uint8, or float32 in [0, 1] where the file has more
    opacity: np.ndarray | None = None  # (H, W) float32 in [0, 1]; None: opaque
    profile: bytes | None = None  # ICC
    exif: Exif | None = None
    dpi: float | None = None


def open_photo(
    file: File,
    name: str | None = None,
    max_side: int | None = None,
    *,
    enlarged: bool = False,
    page: int | None = None,
    formats: Collection[str] | None = None,
) -> Photo:
    """Return the photo in `file`, upright, in sRGB, with up to 16 bits a channel.

    What is transparent keeps its colours and has its opacity beside them. The longer side has at
    most `max_side` px or, where it is to be `enlarged`, exactly; otherwise as `open_image`, whose
    pixels an opaque photo of 8 bits has. Of a TIFF it is the `page`, counted from 1.
    `formats` are those that may be read, as there.

    Raises ValueError as `open_image` does.
    """
    name = name or name_of(file)
    with recognised(file, name, formats, page) as (image, stream), decoding(name):
        profile, size = image.info.get("icc_profile"), image.size
        about = profile, exif_of(image), _dpi(image)
        space = ColourSpace.of_profile(profile) if profile else SRGB
        is_deep = space is not None and deep.is_deep(image)  # else by Pillow, which has 8 bits
        decoded = decode(image, stream, max_side)
        if is_deep:
            values = deep.joined(decoded, _lower_bytes(stream, page))
        else:
            space = space if decoded.mode in _RGB else None
            values = _values(decoded, profile, space)
        turn = UPRIGHT.get(orientation(image))
    reduced = decoded.size != size and image.format in JPEG
    whole = size if reduced else decoded.size
    wanted = decoded.size if max_side is None else painted_size(whole, max_side, enlarged)
    if reduced:  # while it was decoded; in the order of `open_image`
        values = _turned(_resized(values, wanted), turn)
    else:
        values = _resized(_turned(values, turn), wanted[::-1] if turn in _TRANSPOSING else wanted)
    rgb, opacity = values[..., :3], values[..., 3] if values.shape[2] > 3 else None
    if space and space is not SRGB:
        rgb = space.to_srgb(rgb)
    return Photo(rgb, opacity, *about)


def _lower_bytes(stream: BinaryIO, page: int | None) -> Image.Image:
    with opened(stream, None) as lower:
        turn_to(lower, page)
        deep.load_lower_bytes(lower)
        return lower


def _values(decoded: Image.Image, profile: bytes | None, space: ColourSpace | None) -> np.ndarray:
    """Return a decoded picture as (H, W, 3 or 4), uint8 or float32 in [0, 1].

    It is in `space`, or by the profile in sRGB where that is None.
    """
    greys = None if "transparency" in decoded.info else scaled(decoded)
    if greys is not None:
        greys = greys_to_srgb(greys, profile) if profile else greys
        return np.repeat(greys[..., np.newaxis], 3, 2)
    rgb, opacity = colours.to_srgb(decoded, profile if space is None else None)
    if opacity is None and space in (None, SRGB):
        return np.asarray(rgb)
    channels = (
        np.asarray(rgb) if opacity is None else np.dstack((np.asarray(rgb), np.asarray(opacity)))
    )
    return channels * np.float32(1 / 255)


def _turned(values: np.ndarray, turn: Image.Transpose | None) -> np.ndarray:
    return values if turn is None else _by_channel(values, lambda image: image.transpose(turn))


def _resized(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return (H, W, C) at `size` (width, height)."""
    if size == values.shape[1::-1]:
        return values

    def resize(image: Image.Image) -> Image.Image:
        return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)

    if values.shape[2] == 3:
        return _by_channel(values, resize)
    # Colours weigh by their opacity, or those of what is not seen would come into the edges. One
    # after the other: copies of all channels at once would take as much memory again.
    seen, found = values[..., 3], np.empty((size[1], size[0], 4), np.float32)
    found[..., 3] = opacity = np.clip(np.asarray(resize(Image.fromarray(seen))), 0, 1)
    for channel in range(3):
        weighted = np.asarray(resize(Image.fromarray(values[..., channel] * seen)))
        found[..., channel] = np.clip(weighted / np.maximum(opacity, _TINY), 0, 1)
    found[opacity <= _TINY] *= (0, 0, 0, 1)
    return found


def _by_channel(values: np.ndarray, change: Callable[[Image.Image], Image.Image]) -> np.ndarray:
    if values.dtype == np.uint8:
        return np.asarray(change(Image.fromarray(values)))
    channels = [change(Image.fromarray(np.ascontiguousarray(c))) for c in np.moveaxis(values, 2, 0)]
    return np.clip(np.stack([np.asarray(channel) for channel in channels], -1), 0, 1)


def _dpi(image: Image.Image) -> float | None:
    """Return the resolution that a file, not decoded yet, says; None where it says none."""
    if image.format == "TIFF" and Base.XResolution not in getattr(image, "tag_v2", {}):
        return None  # of which Pillow makes 1
    try:
        dpi = float(image.info["dpi"][0] if "dpi" in image.info else dpi_in_exif(image))
    except (KeyError, TypeError, ValueError, IndexError, ZeroDivisionError):
        return None
    return round(dpi, 2) if 1 <= dpi <= 100_000 else None
