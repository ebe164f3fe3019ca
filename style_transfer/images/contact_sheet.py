"""A contact sheet: pictures side by side, small and with their names."""

import math
import os
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from style_transfer.images.saving import write_whole
from style_transfer.picture_files import encode, open_image

_SIDE = 384  # px, the longer side of each picture
_GAP, _FONT = 12, 16  # px
_SYSTEM_FONTS = ("DejaVuSans.ttf", "Arial Unicode.ttf", "Arial.ttf")  # of Linux, macOS, Windows
_NO_LETTER = "\uffff"  # for which no font has a shape


def save_contact_sheet(
    pictures: Sequence[str | os.PathLike[str]], file: str | os.PathLike[str]
) -> None:
    """Write the pictures in rows that make the sheet about as wide as high, in their order.

    Raises ValueError, one sentence, for a picture that cannot be read, and OSError.
    """
    thumbnails = [open_image(each, max_side=_SIDE) for each in pictures]
    width = max(each.width for each in thumbnails) + _GAP
    height = max(each.height for each in thumbnails) + _GAP + 2 * _FONT
    columns = min(len(thumbnails), max(1, math.ceil(math.sqrt(len(thumbnails) * height / width))))
    rows = math.ceil(len(thumbnails) / columns)
    sheet = Image.new("RGB", (columns * width + _GAP, rows * height + _GAP), "white")
    draw = ImageDraw.Draw(sheet)
    for number, (picture, thumbnail) in enumerate(zip(pictures, thumbnails, strict=True)):
        left, top = _GAP + number % columns * width, _GAP + number // columns * height
        sheet.paste(thumbnail, (left, top))
        name, font = _label(Path(picture).stem)
        draw.text((left, top + thumbnail.height + 4), name, fill="black", font=font)
    write_whole(Path(file), encode(np.asarray(sheet), Path(file).suffix))


def _label(name: str) -> tuple[str, Any]:
    """Return a name, or its end that fits below a picture, and a font that has its letters.

    Letters that no font here has are written escaped.
    """
    name = unicodedata.normalize("NFC", name)  # macOS writes accents as letters of their own
    fonts = _fonts()
    font = next((f for f in fonts if all(_has(f, letter) for letter in name)), fonts[-1])
    shown = "".join(
        letter if _has(font, letter) else letter.encode("unicode_escape").decode()
        for letter in name
    )
    while font.getlength(shown) > _SIDE:
        shown = shown[1:]
    return shown, font


@cache
def _fonts() -> list[Any]:
    """Return Pillow's own font, which has the letters of English alone, and one of the system."""
    fonts: list[Any] = [ImageFont.load_default(_FONT)]
    for name in _SYSTEM_FONTS:
        with suppress(OSError):
            return [*fonts, ImageFont.truetype(name, _FONT)]
    return fonts


def _has(font: Any, letter: str) -> bool:
    return letter.isprintable() and bytes(font.getmask(letter)) != bytes(font.getmask(_NO_LETTER))
