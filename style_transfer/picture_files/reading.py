"""Picture files to upright 8-bit RGB images: any file that Pillow opens."""

import warnings
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from os import PathLike
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError
from PIL.TiffImagePlugin import TiffImageFile

from style_transfer.picture_files import colours, jpeg, tiff
from style_transfer.picture_files.refusals import RefusedError, reason
from style_transfer.picture_files.sizes import MAX_PIXELS, check_size, fit

File = str | PathLike[str] | BinaryIO
_WHITE_FROM = 247  # of 255; as lossy compression leaves it
_JPEG = "JPEG", "MPO"  # by Pillow's names
_UPRIGHT = {  # EXIF's orientation -> what undoes it
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


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
    picture, opacity = _read(file, name or _name(file), max_side, formats)
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
    name = name or _name(file)
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


def size_of(
    file: File, name: str | None = None, formats: Collection[str] | None = None
) -> tuple[int, int]:
    """Return (height, width) of the picture in `file` without decoding it.

    Raises ValueError as `open_image` does, but for errors that only decoding finds.
    """
    with _recognised(file, name or _name(file), formats) as (image, _):
        if isinstance(image, TiffImageFile):
            width, height = tiff.upright_size(image)
        else:
            width, height = image.size[::-1] if _orientation(image) > 4 else image.size
        return height, width


def _read(
    file: File, name: str, max_side: int | None, formats: Collection[str] | None
) -> tuple[Image.Image, Image.Image | None]:
    """Return the picture as RGB, and its opacity, None where it has none."""
    with _recognised(file, name, formats) as (image, stream):
        profile = image.info.get("icc_profile")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                size = image.size
                decoded = _decoded(image, stream, max_side)
                if max_side is not None and decoded.size != size and image.format in _JPEG:
                    # Of a size reduced while decoding, the proportions are off by rounding.
                    decoded = _resized(decoded, fit(size, max_side))
                decoded, opacity = colours.to_srgb(decoded, profile)
                turn = _UPRIGHT.get(_orientation(image))
        except RefusedError as error:
            raise ValueError(f"{name}: {error}") from error
        except Exception as error:  # decoders raise many kinds of exception for damage
            raise ValueError(f"{name}: this picture is damaged ({error}).") from error
        if turn is None:
            return decoded, opacity
        return decoded.transpose(turn), opacity and opacity.transpose(turn)


def _decoded(image: Image.Image, stream: BinaryIO, max_side: int | None) -> Image.Image:
    jpeg.reduce_while_decoding(image, max_side)
    if image.format == "PNG":
        colours.scale_transparency(image)
    try:
        image.load()
        return image
    except OSError:
        whole = jpeg.without_end(stream, max_side) if image.format in _JPEG else None
        if whole is None:
            raise
        return whole


def _orientation(image: Image.Image) -> int:
    """Return EXIF's orientation, 1 where the rest of EXIF is too damaged to find it.

    Of a TIFF that was decoded it is 1, since Pillow turns those by itself.
    """
    with suppress(Exception), warnings.catch_warnings():  # parsers raise many kinds of exception
        warnings.simplefilter("ignore")
        # Of a PNG not by its own method, which would decode it.
        exif = Image.Image.getexif(image) if image.format == "PNG" else image.getexif()
        orientation = exif.get(ExifTags.Base.Orientation, 1)
        return orientation if orientation in _UPRIGHT else 1
    return 1


def _laid_on(colour: str, picture: Image.Image, opacity: Image.Image) -> Image.Image:
    return Image.composite(picture, Image.new("RGB", picture.size, colour), opacity)


def _name(file: object) -> str:
    return Path(file).name if isinstance(file, str | PathLike) else "the picture"


@cache
def _readable_formats() -> tuple[str, ...]:
    """Return the formats that Pillow reads.

    But for EPS, which it would hand to Ghostscript to run, and FITS, whose zero it overlooks.
    """
    with suppress(ImportError):
        import pillow_heif

        pillow_heif.register_heif_opener()
    Image.init()
    return tuple(sorted(set(Image.ID) - {"EPS", "FITS"}))


@contextmanager
def _recognised(
    file: File, name: str, formats: Collection[str] | None
) -> Iterator[tuple[Image.Image, BinaryIO]]:
    """Give the picture in `file`, not yet decoded, and the open file."""
    with ExitStack() as stack:
        try:
            # Never a path to Pillow: it would map the file into memory and mix up turned TIFFs.
            stream = (
                stack.enter_context(open(file, "rb")) if isinstance(file, str | PathLike) else file
            )
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a damaged tag is no reason to refuse the pixels
                image = stack.enter_context(_opened(stream, formats))
                if isinstance(image, TiffImageFile):
                    tiff.turn_to_full_size(image)
                    tiff.check_layout(image)
        except FileNotFoundError:
            raise ValueError(f"{name}: there is no such file.") from None
        except RefusedError as error:
            raise ValueError(f"{name}: {error}") from None
        except UnidentifiedImageError:
            words = reason(stream, heic="HEIF" in _readable_formats())
            raise ValueError(f"{name}: {words}") from None
        except Image.DecompressionBombError:
            raise ValueError(f"{name}: more than {MAX_PIXELS:,} pixels; reduce it first.") from None
        except OSError as error:
            cause = error.strerror or error  # leaves out the folder, which is private
            raise ValueError(f"{name}: this picture cannot be opened ({cause}).") from error
        except Exception as error:  # decoders raise many kinds of exception for damage
            raise ValueError(f"{name}: this picture cannot be opened ({error}).") from error
        check_size(image.size, name, jpeg.most_pixels(image))
        yield image, stream


def _opened(stream: BinaryIO, formats: Collection[str] | None) -> Image.Image:
    known = _readable_formats()
    try:
        return Image.open(stream, formats=[each for each in known if each in (formats or known)])
    except Image.DecompressionBombError:
        image = jpeg.open_huge(stream)
        if image is None:
            raise
        return image
