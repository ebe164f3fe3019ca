"""Picture files to upright 8-bit RGB images: any file that Pillow opens."""

from collections.abc import Collection

import numpy as np
from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from style_transfer.picture_files import colours, tiff
from style_transfer.picture_files.deep import is_deep
from style_transfer.picture_files.opening import (
    JPEG,
    UPRIGHT,
    File,
    decode,
    decoding,
    name_of,
    orientation,
    recognised,
)
from style_transfer.picture_files.sizes import fit

_WHITE_FROM = 247  # of 255; as lossy compression leaves it


def open_image(
    file: File,
    name: str | None = None,
    max_side: int | None = None,
    formats: Collection[str] | None = None,
) -> Image.Image:
    """Return the picture in `file` as an upright RGB image in sRGB colours.

    Orientation from EXIF is applied, transparency is laid on white, an ICC profile is converted
    to sRGB, deep greys are reduced to 8 bits, an animation gives its first frame. The longer side
    has at most `max_side` px, see `reduce`; a JPEG is reduced while it is decoded where that or
    MAX_PIXELS needs it. `formats` are Pillow's names of those that may be read, by default all but
    EPS and FITS.

    Raises ValueError, one sentence that names the file, where it cannot be read, has a side below
    MIN_SIDE, is stretched beyond MAX_STRETCH:1 or has too many pixels.
    """
    picture, opacity = _read(file, name or name_of(file), max_side, formats)
    if opacity is not None:
        picture = _laid_on("white", picture, opacity)
    return reduce(picture, max_side)


def open_mask(
    file: File,
    name: str | None = None,
    max_side: int | None = None,
    formats: Collection[str] | None = None,
) -> Image.Image:
    """Return the mask in `file` as `open_image` does, but for what is transparent.

    That is black, so that what is drawn on nothing is painted; around a drawing in black alone it
    is white. Raises ValueError also for a mask that is white everywhere: it would change nothing.
    """
    name = name or name_of(file)
    mask, opacity = _read(file, name, max_side, formats)
    if opacity is not None:
        on_black = _laid_on("black", mask, opacity)
        mask = on_black if on_black.getbbox() else _laid_on("white", mask, opacity)
    if np.asarray(mask).min() >= _WHITE_FROM:
        raise ValueError(
            f"{name}: this mask is white everywhere and would change nothing; "
            "make black what is to be left as it is."
        )
    return reduce(mask, max_side)


def reduce(image: Image.Image, max_side: int | None) -> Image.Image:
    """Return `image` with a longer side of at most `max_side` px, never enlarged, antialiased.

    Never so far that the shorter side falls below MIN_SIDE.
    """
    return _resized(image, image.size if max_side is None else fit(image.size, max_side))


def _resized(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    if size == image.size:
        return image
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)


def size_of(file: File, name: str | None = None, page: int | None = None) -> tuple[int, int]:
    """Return (height, width) of the picture in `file`, or of a page of it, without decoding it.

    Raises ValueError as `open_image` does, but for errors that only decoding finds.
    """
    return survey(file, name, page=page)[0]


def survey(
    file: File,
    name: str | None = None,
    formats: Collection[str] | None = None,
    page: int | None = None,
) -> tuple[tuple[int, int], bool]:
    """Return what `size_of` does, and whether there is more in it than opaque colours of 8 bits."""
    with recognised(file, name or name_of(file), formats, page) as (image, _):
        if isinstance(image, TiffImageFile):
            width, height = tiff.upright_size(image)
        else:
            width, height = image.size[::-1] if orientation(image) > 4 else image.size
        return (height, width), image.has_transparency_data or is_deep(image)


def _read(
    file: File, name: str, max_side: int | None, formats: Collection[str] | None
) -> tuple[Image.Image, Image.Image | None]:
    """Return the picture as RGB, and its opacity, None where it has none."""
    with recognised(file, name, formats) as (image, stream), decoding(name):
        profile, size = image.info.get("icc_profile"), image.size
        decoded = decode(image, stream, max_side)
        if max_side is not None and decoded.size != size and image.format in JPEG:
            # Of a size reduced while decoding, the proportions are off by rounding.
            decoded = _resized(decoded, fit(size, max_side))
        decoded, opacity = colours.to_srgb(decoded, profile)
        turn = UPRIGHT.get(orientation(image))
        if turn is None:
            return decoded, opacity
        return decoded.transpose(turn), opacity and opacity.transpose(turn)


def _laid_on(colour: str, picture: Image.Image, opacity: Image.Image) -> Image.Image:
    return Image.composite(picture, Image.new("RGB", picture.size, colour), opacity)
