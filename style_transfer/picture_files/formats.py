"""Formats of picture files, and what is embedded in them beside the pixels.

A text lies in PNG in a chunk of its own, in TIFF in the description; in JPEG, WebP and others it is
the user comment of the EXIF data.
"""

import os
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from math import inf
from typing import Any

from PIL import Image, UnidentifiedImageError
from PIL.ExifTags import IFD, Base
from PIL.PngImagePlugin import PngInfo

from style_transfer.checks import file_name
from style_transfer.picture_files.exif import Exif, to_pillow

QUALITY = 95  # of 100, for lossy formats
_KEYWORD = "style-transfer-recipe"  # of the text chunk in a PNG
_ASCII = b"ASCII\0\0\0"  # EXIF 2.3, 4.6.5: how a user comment names its character set
_SRGB, _UNCALIBRATED = 1, 65535  # EXIF's numbers of the colour space
_TIFF_PREDICTOR, _DIFFERENCES = 317, 2


@dataclass(frozen=True)
class Metadata:
    """What is embedded beside the pixels."""

    text: str | None = None  # ASCII
    profile: bytes | None = None  # ICC; None: sRGB
    dpi: float | None = None
    exif: Exif | None = None  # of the photo


def read_text(file: str | os.PathLike[str], limit: int) -> str | bytes:
    """Return the text embedded in a picture, "" if there is none.

    Of a file that is none of PICTURE_FORMATS it is the first `limit` bytes. Reads the head of a
    picture, never its pixels. Raises ValueError, one sentence that names the file, where it cannot
    be read.
    """
    name = file_name(file)
    try:
        return _embedded_text(file)
    except FileNotFoundError:
        raise ValueError(f"{name}: there is no such file.") from None
    except UnidentifiedImageError:
        with open(file, "rb") as content:
            return content.read(limit)
    except Exception as error:  # decoders raise many kinds of exception for damage
        raise ValueError(f"{name}: this file cannot be read.") from error


def _embedded_text(file: str | os.PathLike[str]) -> str | bytes:
    tried = tuple({each.name for each in PICTURE_FORMATS.values()})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # size and damaged tags do not matter here
        with Image.open(file, formats=tried) as image:
            if image.format == "PNG":
                return str(image.info.get(_KEYWORD, ""))  # Pillow bounds what it inflates
            if image.format == "TIFF":
                return str(image.getexif().get(Base.ImageDescription, ""))
            comment = image.getexif().get_ifd(IFD.Exif).get(Base.UserComment)
    return comment.removeprefix(_ASCII) if isinstance(comment, bytes) else b""


def _png(metadata: Metadata) -> dict[str, Any]:
    chunks = PngInfo()
    if metadata.profile is None:
        chunks.add(b"sRGB", b"\0")  # perceptual intent
    if metadata.text is not None:
        chunks.add_itxt(_KEYWORD, metadata.text)
    return {"pnginfo": chunks, "exif": to_pillow(metadata.exif) if metadata.exif else None}


def _exif(metadata: Metadata, dpi: float | None = None) -> Image.Exif:
    tags: dict[int, Any] = {Base.ColorSpace: _UNCALIBRATED if metadata.profile else _SRGB}
    if metadata.text is not None:
        tags[Base.UserComment] = _ASCII + metadata.text.encode("ascii")
    return to_pillow(metadata.exif or {}, tags, dpi)


def _jpeg(metadata: Metadata) -> dict[str, Any]:
    return {"quality": QUALITY, "exif": _exif(metadata), "subsampling": "4:4:4"}


def _webp(metadata: Metadata) -> dict[str, Any]:
    # The resolution has no other place in WebP, AVIF and HEIF.
    return {"quality": QUALITY, "exif": _exif(metadata, metadata.dpi)}


def _tiff(metadata: Metadata) -> dict[str, Any]:
    options, exif = {"description": metadata.text}, to_pillow(metadata.exif or {})
    if metadata.exif:  # uncompressed, since otherwise Pillow fails with directories of EXIF
        return options | {"exif": exif}
    exif[_TIFF_PREDICTOR] = _DIFFERENCES
    return options | {"compression": "tiff_adobe_deflate", "exif": exif}


def _plain(metadata: Metadata) -> dict[str, Any]:
    return {"quality": QUALITY}


@dataclass(frozen=True)
class PictureFormat:
    """A format in which pictures are saved."""

    label: str  # on the page; "" where it is not offered there
    name: str  # Pillow's
    options: Callable[[Metadata], dict[str, Any]]  # Pillow's, for saving
    transparent: bool = True  # whether it has opacity
    deep: bool = False  # whether it has 16 bits a channel
    embeds: bool = True  # whether it holds a profile and EXIF
    most_dpi: float = inf  # 0: it holds no resolution

    def to_save(self, metadata: Metadata) -> dict[str, Any]:
        """Return Pillow's options for saving a picture with `metadata`."""
        options = self.options(metadata)
        if metadata.profile:
            options["icc_profile"] = metadata.profile
        if metadata.dpi:
            options["dpi"] = (metadata.dpi, metadata.dpi)
        return {name: value for name, value in options.items() if value is not None}

    def check(self, metadata: Metadata) -> None:
        """Raise ValueError, one sentence, for what this format cannot hold."""
        if not self.embeds and (metadata.profile or metadata.exif):
            what = "colour space but sRGB" if metadata.profile else "EXIF"
            raise ValueError(f"this format holds no {what}; use {', '.join(OFFERED)}.")
        if metadata.dpi and metadata.dpi > self.most_dpi:
            most = f"at most {self.most_dpi:,} dpi" if self.most_dpi else "no resolution"
            raise ValueError(f"this format holds {most}; use .png or .tif.")


_JPEG = PictureFormat("JPEG", "JPEG", _jpeg, transparent=False, most_dpi=65_535)
_ALSO_JPEG = replace(_JPEG, label="")
PICTURE_FORMATS = {  # by suffix; those that hold a text
    ".png": PictureFormat("PNG, every pixel, with its settings", "PNG", _png, deep=True),
    ".jpg": _JPEG,
    **dict.fromkeys((".jpeg", ".jpe", ".jfif"), _ALSO_JPEG),
    ".webp": PictureFormat("WebP", "WEBP", _webp),
    ".tif": PictureFormat("", "TIFF", _tiff, deep=True),
    ".tiff": PictureFormat("", "TIFF", _tiff, deep=True),
}
OFFERED = (".png", ".jpg", ".webp", ".tif")  # one suffix for each format, for people to choose from
_ICONS = (".ico", ".icns")  # have sizes of their own, to which pictures would be changed
_OTHERS = {  # by Pillow's name; those that hold something, but no text
    "AVIF": PictureFormat("", "AVIF", _webp, transparent=False),
    "HEIF": PictureFormat("", "HEIF", _webp, transparent=False),
    "MPO": replace(_ALSO_JPEG, name="MPO"),
    "BMP": PictureFormat("", "BMP", _plain, transparent=False, embeds=False),
}


@cache
def register_formats() -> None:
    """Let Pillow know all of its formats, and HEIC where pillow-heif is installed."""
    with suppress(ImportError):
        import pillow_heif

        pillow_heif.register_heif_opener()
    Image.init()


def format_of(suffix: str) -> PictureFormat | None:
    """Return the format of files with that ending, None where pictures cannot be saved so."""
    register_formats()
    suffix = suffix.lower()
    name = Image.registered_extensions().get(suffix)
    if suffix in PICTURE_FORMATS or name is None or name not in Image.SAVE or suffix in _ICONS:
        return PICTURE_FORMATS.get(suffix)
    bare = PictureFormat("", name, _plain, transparent=False, embeds=False, most_dpi=0)
    return _OTHERS.get(name, bare)
