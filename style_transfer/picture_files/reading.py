"""Picture files to upright 8-bit RGB images: any file that Pillow opens."""

import io
import warnings
from collections.abc import Collection
from functools import cache
from os import PathLike
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import ExifTags, Image, ImageCms, ImageOps, UnidentifiedImageError

from style_transfer.picture_files.sizes import MAX_PIXELS, check_size, fit

File = str | PathLike[str] | BinaryIO

_SRGB = ImageCms.createProfile("sRGB")


def open_image(
    file: File,
    name: str | None = None,
    max_side: int | None = None,
    formats: Collection[str] | None = None,
) -> Image.Image:
    """Return the picture in `file` as an upright RGB image in sRGB colours.

    Orientation from EXIF is applied, transparency is laid on white, an ICC profile is converted
    to sRGB, deep greys are reduced to 8 bits, an animation gives its first frame. The longer side
    has at most `max_side` px, see `reduce`; `formats` are Pillow's names of those that may be read,
    all but EPS by default.

    Raises ValueError, one sentence that names the file, where it cannot be read, has a side below
    MIN_SIDE, is stretched beyond MAX_STRETCH:1 or has more than MAX_PIXELS.
    """
    name = name or _name(file)
    with _recognised(file, name, formats) as image:
        check_size(image.size, name)
        if max_side is not None:  # JPEG then computes every other pixel or fewer, most of its time
            width, height = fit(image.size, max_side)
            image.draft(None, (2 * width, 2 * height))
        profile = image.info.get("icc_profile")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                image.load()
                upright = ImageOps.exif_transpose(image)
        except Exception as error:
            raise ValueError(f"{name}: this picture is damaged ({error}).") from error
        return reduce(_to_srgb(upright, profile), max_side)


def reduce(image: Image.Image, max_side: int | None) -> Image.Image:
    """Return `image` with a longer side of at most `max_side` px, never enlarged, antialiased.

    Never so far that the shorter side falls below MIN_SIDE.
    """
    size = image.size if max_side is None else fit(image.size, max_side)
    if size == image.size:
        return image
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)


def size_of(
    file: File, name: str | None = None, formats: Collection[str] | None = None
) -> tuple[int, int]:
    """Return (height, width) of the picture in `file` without decoding it.

    Raises ValueError as `open_image` does, but for errors that only decoding finds.
    """
    name = name or _name(file)
    with _recognised(file, name, formats) as image:
        check_size(image.size, name)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                turned = image.getexif().get(ExifTags.Base.Orientation, 1) > 4
        except Exception as error:  # decoders raise many kinds of exception for damage
            raise ValueError(f"{name}: this picture is damaged ({error}).") from error
        return image.size if turned else (image.height, image.width)


def _name(file: object) -> str:
    return Path(file).name if isinstance(file, str | PathLike) else "the picture"


@cache
def _readable_formats() -> tuple[str, ...]:
    """Return all formats that Pillow reads but EPS, which it would hand to Ghostscript to run."""
    Image.init()
    return tuple(sorted(set(Image.ID) - {"EPS"}))


def _recognised(file: File, name: str, formats: Collection[str] | None) -> Image.Image:
    """Return the picture in `file`, not yet decoded."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a damaged tag is no reason to refuse the pixels
            known = _readable_formats()
            return Image.open(file, formats=[each for each in known if each in (formats or known)])
    except FileNotFoundError:
        raise ValueError(f"{name}: there is no such file.") from None
    except UnidentifiedImageError:
        raise ValueError(f"{name}: this is not a picture that can be read.") from None
    except Image.DecompressionBombError:
        raise ValueError(f"{name}: more than {MAX_PIXELS:,} pixels; reduce it first.") from None
    except OSError as error:
        words = error.strerror or error  # leaves out the folder, which is private
        raise ValueError(f"{name}: this picture cannot be opened ({words}).") from error
    except Exception as error:  # decoders raise many kinds of exception for damage
        raise ValueError(f"{name}: this picture cannot be opened ({error}).") from error


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        image = _to_8_bit(image)
    if image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    elif image.mode in ("1", "P"):
        image = image.convert("RGB")
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            return ImageCms.profileToProfile(image, source, _SRGB, outputMode="RGB") or image
        except (ImageCms.PyCMSError, OSError):
            pass  # damaged, or made for another colour space: the plain values serve better
    return image.convert("RGB")


def _to_8_bit(image: Image.Image) -> Image.Image:
    values = np.nan_to_num(np.asarray(image, dtype=np.float32))
    deep = image.mode.startswith("I;16")
    white = 65535 if deep else next((w for w in (1, 255, 65535) if values.max() <= w), values.max())
    return Image.fromarray(np.clip(values / white * 255, 0, 255).round().astype(np.uint8))
