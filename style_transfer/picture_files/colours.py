"""Colours of decoded pictures: profiles, palettes, transparency."""

import io
from typing import Any

import numpy as np
from PIL import Image, ImageCms, ImageColor

from style_transfer.picture_files.levels import to_8_bit

_SRGB = ImageCms.createProfile("sRGB")
_LAB = ImageCms.createProfile("LAB")
_LEVELS_APART = {"L;2": 85, "L;4": 17}  # of 255, in files of fewer bits
_UNMULTIPLIED = {"La": "LA", "RGBa": "RGBA", "PA": "RGBA"}


def color_named(text: str) -> tuple[float, float, float]:
    """Return RGB in [0, 1] of a colour as web pages write it, such as "white" or "#f4ecd8".

    Raises ValueError, one sentence, for any other text.
    """
    try:
        red, green, blue = ImageColor.getrgb(text)[:3]
    except ValueError:
        raise ValueError(
            f"{text!r} is no colour; use a name such as white, or a number such as #f4ecd8."
        ) from None
    return red / 255, green / 255, blue / 255


def scale_transparency(image: Image.Image) -> None:
    """Give the transparent level of a PNG, not decoded yet, as its pixels will be."""
    level = image.info.get("transparency")
    raw = next((args for *_, args in getattr(image, "tile", ())), None)
    if raw in _LEVELS_APART and isinstance(level, int):
        image.info["transparency"] = level * _LEVELS_APART[raw]
    elif raw == "RGB;16B" and isinstance(level, tuple):
        image.info["transparency"] = tuple(each >> 8 for each in level)


def to_srgb(image: Image.Image, profile: bytes | None) -> tuple[Image.Image, Image.Image | None]:
    """Return a decoded picture as RGB in sRGB and its opacity as "L", None where it has none.

    Raises RefusedError for levels without a white.
    """
    colours, opacity = _split(image)
    return _by_profile(colours, profile), opacity


def _split(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """Return the colours in a mode that profiles know, and the opacity."""
    transparent = image.info.get("transparency")
    deep = to_8_bit(image)
    if deep is not image:
        if image.format != "PNG" or transparent is None:
            return deep, None
        return deep, Image.fromarray(np.uint8(255) * (np.asarray(image) != transparent))
    if transparent is not None:
        image = image.convert("LA" if image.mode in ("1", "L") else "RGBA")
    elif image.mode in _UNMULTIPLIED:
        image = image.convert(_UNMULTIPLIED[image.mode])
    elif image.mode in ("1", "P"):
        image = image.convert("RGB")
    if image.mode in ("LA", "RGBA"):
        return image.convert(image.mode[:-1]), image.getchannel("A")
    return image, None


def _by_profile(image: Image.Image, profile: bytes | None) -> Image.Image:
    try:
        if image.mode == "LAB":
            return _converted(image, _LAB)
        if profile:
            return _converted(image, ImageCms.ImageCmsProfile(io.BytesIO(profile)))
    except (ImageCms.PyCMSError, OSError):
        pass  # damaged, or made for another colour space: the plain values serve better
    return image.convert("RGB")


def _converted(image: Image.Image, source: Any) -> Image.Image:
    return ImageCms.profileToProfile(image, source, _SRGB, outputMode="RGB") or image
