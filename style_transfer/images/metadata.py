"""Export: pictures that carry their recipe, and the way back from a file to the recipe."""

import os
import warnings
from pathlib import Path
from typing import Any

from PIL import Image, UnidentifiedImageError
from PIL.ExifTags import IFD, Base
from PIL.PngImagePlugin import PngInfo
from torch import Tensor

from style_transfer.images.files import to_pil
from style_transfer.recipe import MAX_TEXT, Recipe

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
QUALITY = 95  # of 100, for JPEG and WebP
_KEYWORD = "style-transfer-recipe"  # of the text chunk in a PNG
_ASCII = b"ASCII\0\0\0"  # EXIF 2.3, 4.6.5: how a user comment names its characters
_SRGB = 1  # EXIF's number of the colour space


def save_picture(image: Tensor, file: str | os.PathLike[str], recipe: Recipe) -> None:
    """Write (1, 3, H, W) RGB in [0, 1] as sRGB; `file` tells PNG, JPEG or WebP by its extension.

    PNG keeps the rounded values, JPEG and WebP are of QUALITY, JPEG with colours at full size.
    The recipe is in the file, and nothing else is that is not the picture. Raises ValueError, one
    sentence, for another extension.
    """
    suffix = Path(file).suffix.lower()
    if suffix not in SUFFIXES:
        raise ValueError(f"{Path(file).name}: the extension is not one of {', '.join(SUFFIXES)}.")
    options = _png(recipe) if suffix == ".png" else _lossy(recipe)
    to_pil(image).save(file, **options)


def save_recipe(recipe: Recipe, file: str | os.PathLike[str]) -> None:
    """Write the recipe as a settings file, indented JSON."""
    Path(file).write_text(recipe.to_json(indent=2) + "\n", encoding="utf-8")


def read_recipe(file: str | os.PathLike[str]) -> Recipe:
    """Return the recipe of a picture or of a settings file, whatever its extension.

    Reads the head of a picture, never its pixels. Raises ValueError, one sentence that names the
    file, where there is no recipe in it.
    """
    name = Path(file).name
    try:
        text = _text_in(file)
    except FileNotFoundError:
        raise ValueError(f"{name}: there is no such file.") from None
    except Exception as error:  # decoders meet damage with many kinds of exception
        raise ValueError(f"{name}: this file cannot be read.") from error
    return Recipe.from_json(text, name)


def _text_in(file: str | os.PathLike[str]) -> str | bytes:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # size and damaged tags do not matter here
            image = Image.open(file, formats=("PNG", "JPEG", "WEBP"))
            with image:
                if image.format == "PNG":
                    return str(image.info.get(_KEYWORD, ""))  # Pillow bounds what it inflates
                comment = image.getexif().get_ifd(IFD.Exif).get(Base.UserComment)
    except UnidentifiedImageError:
        with open(file, "rb") as content:
            return content.read(MAX_TEXT + 1)  # enough to be refused for its length
    return comment.removeprefix(_ASCII) if isinstance(comment, bytes) else b""


def _png(recipe: Recipe) -> dict[str, Any]:
    chunks = PngInfo()
    chunks.add(b"sRGB", b"\0")  # perceptual intent
    chunks.add_itxt(_KEYWORD, recipe.to_json())
    return {"pnginfo": chunks}


def _lossy(recipe: Recipe) -> dict[str, Any]:
    exif = Image.Exif()
    comment = _ASCII + recipe.to_json().encode("ascii")
    exif[IFD.Exif] = {Base.UserComment: comment, Base.ColorSpace: _SRGB}
    return {"quality": QUALITY, "exif": exif, "subsampling": "4:4:4"}  # WebP has no such choice
