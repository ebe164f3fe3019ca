"""Pictures to the bytes of a file."""

import io
import struct
import zlib

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import putchunk

from style_transfer.picture_files.exif import to_pillow
from style_transfer.picture_files.formats import (
    OFFERED,
    PICTURE_FORMATS,
    Metadata,
    PictureFormat,
    format_of,
)

_INCH = 0.0254  # m


def encode(levels: np.ndarray, suffix: str, metadata: Metadata | None = None) -> bytes:
    """Return the file of a picture (H, W, 3), or (H, W, 4) with opacity, uint8 or uint16.

    Without a text, any format goes that Pillow writes. Raises ValueError, one sentence, for another
    `suffix`, for a picture, metadata or opacity that the format cannot hold, and for uint16 where
    the format, or this installation, has no 16 bits.
    """
    metadata, known = metadata or Metadata(), format_of(suffix)
    if levels.dtype == np.uint16:
        return _deep(levels, known, metadata)
    if known is None or (metadata.text is not None and suffix.lower() not in PICTURE_FORMATS):
        raise ValueError(f"the extension {suffix!r} is not one of {', '.join(PICTURE_FORMATS)}.")
    known.check(metadata)
    if levels.shape[2] == 4 and not known.transparent:
        having = ", ".join(each for each in OFFERED if PICTURE_FORMATS[each].transparent)
        raise ValueError(f"this format holds no transparency; use {having}.")
    encoded, options = io.BytesIO(), known.to_save(metadata)
    try:
        Image.fromarray(levels).save(encoded, known.name, **options)
    except (OSError, ValueError) as error:  # of the format, since memory alone is written to
        raise ValueError(f"this format holds no such picture ({error}).") from error
    return encoded.getvalue()


def _deep(levels: np.ndarray, known: PictureFormat | None, metadata: Metadata) -> bytes:
    if known is None or not known.deep:
        deep = ", ".join(suffix for suffix, each in PICTURE_FORMATS.items() if each.deep)
        raise ValueError(f"16 bits a channel are written as {deep}.")
    return _deep_png(levels, metadata) if known.name == "PNG" else _deep_tiff(levels, metadata)


def _deep_tiff(levels: np.ndarray, metadata: Metadata) -> bytes:
    try:
        import tifffile  # an extra
    except ModuleNotFoundError:
        words = "a TIFF of 16 bits a channel is written where tifffile is installed"
        raise ValueError(f"{words}; install it, or write a PNG.") from None
    if metadata.exif:
        raise ValueError("a TIFF of 16 bits a channel is written without EXIF; write a PNG.")
    encoded = io.BytesIO()
    tifffile.imwrite(
        encoded,
        levels,
        photometric="rgb",
        extrasamples=["unassalpha"] if levels.shape[2] == 4 else None,
        compression="zlib",
        predictor=True,
        iccprofile=metadata.profile,
        description=metadata.text,
        resolution=(metadata.dpi, metadata.dpi) if metadata.dpi else None,
        resolutionunit="INCH" if metadata.dpi else None,
        metadata=None,
        software=False,
    )
    return encoded.getvalue()


def _deep_png(levels: np.ndarray, metadata: Metadata) -> bytes:
    """Return a PNG of 16 bits a channel, which Pillow has for greys alone; ISO/IEC 15948."""
    height, width, channels = levels.shape
    file = io.BytesIO()
    file.write(b"\x89PNG\r\n\x1a\n")
    colour = 6 if channels == 4 else 2
    putchunk(file, b"IHDR", struct.pack(">IIBBBBB", width, height, 16, colour, 0, 0, 0))
    if metadata.profile:
        putchunk(file, b"iCCP", b"ICC profile\0\0" + zlib.compress(metadata.profile))
    if metadata.dpi:
        metre = round(metadata.dpi / _INCH)
        putchunk(file, b"pHYs", struct.pack(">IIB", metre, metre, 1))
    for name, data, *_ in PICTURE_FORMATS[".png"].options(metadata)["pnginfo"].chunks:
        putchunk(file, name, data)
    if metadata.exif:
        putchunk(file, b"eXIf", to_pillow(metadata.exif).tobytes().removeprefix(b"Exif\0\0"))
    compress = zlib.compressobj(6)
    before = np.zeros(width * channels * 2, np.uint8)
    for row in levels.astype(">u2").view(np.uint8).reshape(height, -1):
        # Filter 2, the difference from the row above: a good one for photos that needs no choice.
        data = compress.compress(b"\2" + (row - before).tobytes())
        before = row
        if data:
            putchunk(file, b"IDAT", data)
    putchunk(file, b"IDAT", compress.flush())
    putchunk(file, b"IEND", b"")
    return file.getvalue()
