"""Tensors to picture files."""

import io
import os
import secrets
from contextlib import suppress
from pathlib import Path

from PIL import Image
from torch import Tensor

from style_transfer.images.tensors import to_pil
from style_transfer.picture_files import MIN_SIDE, PICTURE_FORMATS, QUALITY

_ICONS = (".ico", ".icns")  # have sizes of their own, to which pictures would be changed


def save(image: Tensor, file: str | os.PathLike[str], text: str | None = None) -> None:
    """Write (1, 3, H, W) RGB in [0, 1] as sRGB; the extension of `file` tells the format.

    PNG keeps the rounded values, JPEG and WebP have QUALITY, JPEG with colours at full resolution.
    The `text`, ASCII such as a recipe, is embedded as metadata, which only PICTURE_FORMATS can do;
    without it any format goes that Pillow writes. The file is written whole or not at all.

    Raises ValueError, one sentence, for another extension, and OSError where it cannot be written.
    """
    _write_whole(Path(file), _encode(to_pil(image), Path(file), text))


def check_output(file: Path) -> None:
    """Raise ValueError, one sentence, where a picture could not be saved as `file`.

    That is tried; what stands there already stays as it is.
    """
    folder = file.absolute().parent
    if not os.path.isdir(folder):
        raise ValueError(f"{file}: the folder {folder} does not exist.")
    if os.path.isdir(file):
        raise ValueError(f"{file}: this is a folder, not a file.")
    encoded = _tried(file, (MIN_SIDE, MIN_SIDE))
    try:
        _try_to_write(Path(os.path.realpath(file)), encoded)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ValueError(f"{file}: this file cannot be written ({reason}).") from None


def check_format(file: Path, size: tuple[int, int]) -> None:
    """Raise ValueError, one sentence, where no picture of `size` (height, width) can be `file`."""
    _tried(file, size)


def _tried(file: Path, size: tuple[int, int]) -> bytes:
    """Return a black picture of `size` (height, width) in the format of `file`."""
    height, width = size
    fault = "no known picture format"
    try:
        _encode(Image.new("RGB", (MIN_SIDE, MIN_SIDE)), file)
        fault = f"this format holds no picture of {width} x {height} px"
        return _encode(Image.new("RGB", (width, height)), file)
    except Exception:  # of no picture, or one that cannot hold RGB: each format has its own errors
        known = [suffix for suffix, each in PICTURE_FORMATS.items() if each.label]
        words = f"{', '.join(known[:-1])} or {known[-1]}"
        raise ValueError(f"{file}: {fault}; use {words}.") from None


def _try_to_write(target: Path, data: bytes) -> None:
    """Raise OSError or ValueError where `_write_whole` would; leave everything as it was."""
    if not os.path.lexists(target):
        try:
            with target.open("xb") as new:
                new.write(data)
        finally:
            with suppress(OSError):
                target.unlink()
    elif target.is_file() or target.is_char_device():
        descriptor = os.open(target, os.O_WRONLY)
        try:
            os.write(descriptor, b"")  # changes no file, but a device that is full refuses it
        finally:
            os.close(descriptor)


def _encode(picture: Image.Image, file: Path, text: str | None = None) -> bytes:
    suffix = file.suffix.lower()
    if suffix in PICTURE_FORMATS:
        options = PICTURE_FORMATS[suffix].options(text)
    elif text is None and suffix in Image.registered_extensions() and suffix not in _ICONS:
        options = {"quality": QUALITY}
    else:
        known = ", ".join(PICTURE_FORMATS)
        raise ValueError(f"{file.name}: the extension is not one of {known}.")
    encoded = io.BytesIO()
    picture.save(encoded, Image.registered_extensions()[suffix], **options)
    return encoded.getvalue()


def _write_whole(file: Path, data: bytes) -> None:
    """Write a file in one go; one that stands there already stays whole if this fails."""
    target = Path(os.path.realpath(file))  # of a link, the file it points to is replaced
    if target.is_file() or not target.exists():
        part = target.with_name(f".{secrets.token_hex(8)}.part")
        try:
            part.write_bytes(data)
            os.replace(part, target)
            return
        except PermissionError:  # of the folder; the file itself may be writable
            if not target.exists():
                raise
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)
    target.write_bytes(data)
