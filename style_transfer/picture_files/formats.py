"""Formats of picture files, and the text that is embedded in them.

PNG has a chunk for text; in JPEG, WebP and others it is the user comment of the EXIF data.
"""

import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, UnidentifiedImageError
from PIL.ExifTags import IFD, Base
from PIL.PngImagePlugin import PngInfo

QUALITY = 95  # of 100, for lossy formats
_KEYWORD = "style-transfer-recipe"  # of the text chunk in a PNG
_ASCII = b"ASCII\0\0\0"  # EXIF 2.3, 4.6.5: how a user comment names its character set
_SRGB = 1  # EXIF's number of the colour space


def read_text(file: str | os.PathLike[str], limit: int) -> str | bytes:
    """Return the text embedded in a picture, "" if there is none.

    Of a file that is none of PICTURE_FORMATS it is the first `limit` bytes. Reads the head of a
    picture, never its pixels. Raises ValueError, one sentence that names the file, where it cannot
    be read.
    """
    name = Path(file).name
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
            comment = image.getexif().get_ifd(IFD.Exif).get(Base.UserComment)
    return comment.removeprefix(_ASCII) if isinstance(comment, bytes) else b""


def _png(text: str | None) -> dict[str, Any]:
    chunks = PngInfo()
    chunks.add(b"sRGB", b"\0")  # perceptual intent
    if text is not None:
        chunks.add_itxt(_KEYWORD, text)
    return {"pnginfo": chunks}


def _webp(text: str | None) -> dict[str, Any]:
    exif = Image.Exif()
    comment = {} if text is None else {Base.UserComment: _ASCII + text.encode("ascii")}
    exif[IFD.Exif] = {**comment, Base.ColorSpace: _SRGB}
    return {"quality": QUALITY, "exif": exif}


def _jpeg(text: str | None) -> dict[str, Any]:
    return _webp(text) | {"subsampling": "4:4:4"}


@dataclass(frozen=True)
class PictureFormat:
    """A format in which pictures are saved with a text."""

    label: str  # on the page; "" where another suffix of the same format is offered there
    name: str  # Pillow's
    options: Callable[[str | None], dict[str, Any]]  # the text, if any -> Pillow's, for saving


PICTURE_FORMATS = {  # by suffix
    ".png": PictureFormat("PNG, every pixel, with its settings", "PNG", _png),
    ".jpg": PictureFormat("JPEG", "JPEG", _jpeg),
    ".jpeg": PictureFormat("", "JPEG", _jpeg),
    ".webp": PictureFormat("WebP", "WEBP", _webp),
}
