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
_INCH = 2  # EXIF's number of the unit; 3 is the centimetre
_PER_INCH = {_INCH: 1.0, 3: 2.54}


class _Text(str):
    """A text that Pillow writes with the bytes that it had, mostly UTF-8.

    Pillow reads bytes as Latin-1, and would write question marks for what is not ASCII.
    """

    def encode(self, encoding: str = "", errors: str = "") -> bytes:
        return super().encode("latin-1", "replace")


class _Exif(Image.Exif):
    """EXIF data that were not read from a file, whose directories Pillow finds for TIFF, too."""

    def get_ifd(self, tag: int) -> dict[int, Any]:
        return dict(self.get(tag, {}))


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


def dpi_in_exif(image: Image.Image) -> float:
    """Return the resolution that formats such as WebP have in EXIF alone, 0 where there is none."""
    with suppress(Exception):  # parsers raise many kinds of exception
        exif = Image.Exif()
        exif.load(image.info["exif"])
        return float(exif[Base.XResolution]) * _PER_INCH[exif.get(Base.ResolutionUnit, _INCH)]
    return 0.0


def to_pillow(
    exif: Exif, more: Mapping[int, Any] | None = None, dpi: float | None = None
) -> Image.Exif:
    """Return the data as Pillow writes them, with `more` tags of the camera, and a resolution."""
    found = {
        directory: {t: _Text(v) if isinstance(v, str) else v for t, v in tags.items()}
        for directory, tags in exif.items()
    }
    made = _Exif()
    for tag, value in found.pop(_ROOT, {}).items():
        made[tag] = value
    if more:
        found[IFD.Exif] = found.get(IFD.Exif, {}) | dict(more)
    for directory, tags in found.items():
        made[directory] = tags
    if dpi:
        made[Base.XResolution] = made[Base.YResolution] = dpi
        made[Base.ResolutionUnit] = _INCH
    return made
