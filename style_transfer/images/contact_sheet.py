"""A contact sheet: pictures side by side, small and with their names."""

import math
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from style_transfer.images.saving import write_whole
from style_transfer.picture_files import encode, open_image

_SIDE = 384  # px, the longer side of each picture
_GAP, _FONT = 12, 16  # px
_NAME = 44  # characters that fit below a picture


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
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(_FONT)
    for number, (picture, thumbnail) in enumerate(zip(pictures, thumbnails, strict=True)):
        left, top = _GAP + number % columns * width, _GAP + number // columns * height
        sheet.paste(thumbnail, (left, top))
        name = Path(picture).stem[-_NAME:]
        draw.text((left, top + thumbnail.height + 4), name, fill="black", font=font)
    write_whole(Path(file), encode(np.asarray(sheet), Path(file).suffix))
