"""Files that are recognised, decoded and turned upright, and what is said where they are not."""

import warnings
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from os import PathLike
from typing import BinaryIO

from PIL import ExifTags, Image, UnidentifiedImageError
from PIL.TiffImagePlugin import TiffImageFile

from style_transfer.checks import file_name
from style_transfer.picture_files import colours, jpeg, tiff
from style_transfer.picture_files.formats import register_formats
from style_transfer.picture_files.refusals import RefusedError, reason
from style_transfer.picture_files.sizes import MAX_PIXELS, check_size

File = str | PathLike[str] | BinaryIO
JPEG = "JPEG", "MPO"  # by Pillow's names
UPRIGHT = {  # EXIF's orientation -> what undoes it
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def name_of(file: object) -> str:
    """Return what sentences call a file or an open one."""
    return file_name(file) if isinstance(file, str | PathLike) else "the picture"


@contextmanager
def recognised(
    file: File, name: str, formats: Collection[str] | None, page: int | None = None
) -> Iterator[tuple[Image.Image, BinaryIO]]:
    """Give the picture in `file`, not yet decoded, and the open file.

    Of a TIFF it is the `page`, counted from 1, by default the first full picture.
    """
    with ExitStack() as stack:
        try:
            # Never a path to Pillow: it would map the file into memory and mix up turned TIFFs.
            stream = (
                stack.enter_context(open(file, "rb")) if isinstance(file, str | PathLike) else file
            )
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a damaged tag is no reason to refuse the pixels
                image = stack.enter_context(opened(stream, formats))
                turn_to(image, page)
        except FileNotFoundError:
            raise ValueError(f"{name}: there is no such file.") from None
        except RefusedError as error:
            raise ValueError(f"{name}: {error}") from None
        except UnidentifiedImageError:
            words = reason(stream, _readable_formats())
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


def opened(stream: BinaryIO, formats: Collection[str] | None) -> Image.Image:
    """Return the picture in an open file, recognised by its first bytes."""
    known = _readable_formats()
    try:
        return Image.open(stream, formats=[each for each in known if each in (formats or known)])
    except Image.DecompressionBombError:
        image = jpeg.open_huge(stream)
        if image is None:
            raise
        return image


def turn_to(image: Image.Image, page: int | None) -> None:
    """Make a page the one that is read. Raises RefusedError where there is none, or no picture."""
    if isinstance(image, TiffImageFile):
        tiff.turn_to_page(image, page) if page else tiff.turn_to_full_size(image)
        tiff.check_layout(image)
    elif page and page > 1:
        raise RefusedError(f"only a TIFF has pages, so that there is no page {page}.")


@contextmanager
def decoding(name: str) -> Iterator[None]:
    """Raise ValueError, one sentence, for whatever decoders raise."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except RefusedError as error:
        raise ValueError(f"{name}: {error}") from error
    except MemoryError as error:
        raise ValueError(f"{name}: there is not enough memory for this picture.") from error
    except Exception as error:  # decoders raise many kinds of exception for damage
        raise ValueError(f"{name}: this picture is damaged ({error}).") from error


def decode(image: Image.Image, stream: BinaryIO, max_side: int | None) -> Image.Image:
    """Return the picture decoded; a JPEG whose end is missing, where no pixel depends on it."""
    jpeg.reduce_while_decoding(image, max_side)
    if image.format == "PNG":
        colours.scale_transparency(image)
    try:
        image.load()
        return image
    except OSError:
        whole = jpeg.without_end(stream, max_side) if image.format in JPEG else None
        if whole is None:
            raise
        return whole


def orientation(image: Image.Image) -> int:
    """Return EXIF's orientation, 1 where the rest of EXIF is too damaged to find it.

    Of a TIFF that was decoded it is 1, since Pillow turns those by itself.
    """
    with suppress(Exception), warnings.catch_warnings():  # parsers raise many kinds of exception
        warnings.simplefilter("ignore")
        # Of a PNG not by its own method, which would decode it.
        exif = Image.Image.getexif(image) if image.format == "PNG" else image.getexif()
        orientation = exif.get(ExifTags.Base.Orientation, 1)
        return orientation if orientation in UPRIGHT else 1
    return 1


def readable_suffixes() -> set[str]:
    """Return the endings, such as ".jpg", of files that can be read."""
    known = _readable_formats()
    return {suffix for suffix, form in Image.registered_extensions().items() if form in known}


@cache
def _readable_formats() -> tuple[str, ...]:
    """Return the formats that Pillow reads.

    But for EPS, which it would hand to Ghostscript to run, and FITS, whose zero it overlooks.
    """
    register_formats()
    return tuple(sorted(set(Image.ID) - {"EPS", "FITS"}))
