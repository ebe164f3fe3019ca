"""EXIF data that may be kept: what camera and owner wrote, without what is of the old pixels."""

import warnings
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from PIL import ExifTags, Image
from PIL.ExifTags import IFD, Base

Exif = Mapping[int, Mapping[int, Any]]  # by directory, then by tag; those of the file itself: _ROOT

_ROOT = 0
_KEPT = (  # of the file itself: the others tell how its pixels lie
    *(Base.ImageDescription, Base.Make, Base.Model, Base.DateTime),
    *(Base.Artist, Base.Copyright, Base.Software),
)
_LEFT_OUT = (  # of the camera: sizes, colours, and notes that may be larger than a JPEG allows
    *(Base.MakerNote, Base.UserComment, Base.ColorSpace),
    *(Base.ExifImageWidth, Base.ExifImageHeight, ExifTags.Base.ExifInteroperabilityOffset),
)


def exif_of(image: Image.Image) -> Exif | None:
    """Return the EXIF data of a picture, not decoded yet, that another may have; None without."""
    with suppress(Exception), warnings.catch_warnings():  # parsers raise many kinds of exception
        warnings.simplefilter("ignore")
        exif = Image.Image.getexif(image) if image.format == "PNG" else image.getexif()
        found: dict[int, dict[int, Any]] = {
            _ROOT: {tag: exif[tag] for tag in _KEPT if tag in exif},
            IFD.Exif: {t: v for t, v in exif.get_ifd(IFD.Exif).items() if t not in _LEFT_OUT},
            IFD.GPSInfo: dict(exif.get_ifd(IFD.GPSInfo)),
        }
        found = {directory: tags for directory, tags in found.items() if tags}
        to_pillow(found).tobytes()  # or what is damaged would stop the saving
        return found or None
    return None


def to_pillow(exif: Exif, more: Mapping[int, Any] | None = None) -> Image.Exif:
    """Return the data as Pillow writes them, with `more` tags in the camera's directory."""
    made = Image.Exif()
    for directory, tags in exif.items():
        if directory == _ROOT:
            for tag, value in tags.items():
                made[tag] = value
        else:
            made[directory] = dict(tags)
    if more:
        made[IFD.Exif] = {**exif.get(IFD.Exif, {}), **more}
    return made
