"""Tensors to picture files."""

import errno
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from style_transfer.checks import quoted
from style_transfer.picture_files import (
    MIN_SIDE,
    OFFERED,
    SRGB,
    ColourSpace,
    Exif,
    Metadata,
    encode,
)
from style_transfer.replacing import replace_file

DEPTHS = (8, 16)  # bits a channel


def check_depth(depth: object) -> None:
    """Raise ValueError, one sentence, for what is none of DEPTHS."""
    if isinstance(depth, bool) or depth not in DEPTHS:
        raise ValueError(f"depth must be {DEPTHS[0]} or {DEPTHS[1]}, not {quoted(depth)}.")


@dataclass(frozen=True, eq=False)
class Export:
    """How a picture is written: its bits, its colour space, and what comes with it.

    Raises ValueError, one sentence, for another depth.
    """

    depth: int = DEPTHS[0]  # bits a channel; 16 as PNG and TIFF
    space: ColourSpace = SRGB
    opacity: Tensor | None = None  # (1, 1, H, W) in [0, 1]; None: opaque
    dpi: float | None = None
    exif: Exif | None = None

    def __post_init__(self) -> None:
        check_depth(self.depth)

    def levels(self, image: Tensor) -> np.ndarray:
        """Return (1, 3, H, W) sRGB in [0, 1] as rounded numbers (H, W, 3 or 4) of this space.

        Raises ValueError, a sentence to come after a name, for another shape.
        """
        if image.dim() != 4 or image.shape[:2] != (1, 3):
            raise ValueError(f"a picture must be (1, 3, H, W), not {tuple(image.shape)}.")
        channels = image.detach()[0].clamp(0, 1).cpu()
        if self.space is not SRGB:
            converted = self.space.from_srgb(channels.permute(1, 2, 0).numpy())
            channels = torch.from_numpy(converted).permute(2, 0, 1)
        if self.opacity is not None:
            channels = torch.cat((channels, self.opacity[0].cpu()))
        most = 2**self.depth - 1
        numbers = channels.mul(most).round().permute(1, 2, 0).contiguous().numpy()
        return numbers.astype(np.uint8 if self.depth == DEPTHS[0] else np.uint16)

    def metadata(self, text: str | None) -> Metadata:
        """Return what is embedded beside the pixels."""
        return Metadata(text, self.space.profile, self.dpi, self.exif)


PLAIN = Export()


def save(
    image: Tensor, file: str | os.PathLike[str], text: str | None = None, export: Export = PLAIN
) -> None:
    """Write (1, 3, H, W) RGB in [0, 1], by default as sRGB of 8 bits; by the extension of `file`.

    PNG and TIFF keep the rounded values, JPEG and WebP have QUALITY, JPEG with colours at full
    resolution. The `text`, ASCII such as a recipe, is embedded as metadata, which only
    PICTURE_FORMATS can do; without it any format goes that Pillow writes. The file is written whole
    or not at all.

    Raises ValueError, one sentence, for another shape or extension, or an `export` that the format
    cannot hold, and OSError where it cannot be written.
    """
    write_whole(Path(file), encoded(image, Path(file), text, export))


def encoded(image: Tensor, file: Path, text: str | None = None, export: Export = PLAIN) -> bytes:
    """Return what `save` writes. Raises ValueError as it does."""
    try:
        return encode(export.levels(image), file.suffix, export.metadata(text))
    except ValueError as error:
        raise ValueError(f"{file.name}: {error}") from None


def check_output(file: Path, export: Export = PLAIN) -> None:
    """Raise ValueError, one sentence, where an opaque picture could not be saved as `file`.

    That is tried; what stands there already stays as it is.
    """
    folder = file.absolute().parent
    if not os.path.isdir(folder):
        raise ValueError(f"{file}: the folder {folder} does not exist.")
    if os.path.isdir(file):
        raise ValueError(f"{file}: this is a folder, not a file.")
    data = _tried(file, (MIN_SIDE, MIN_SIDE))
    encoded(torch.zeros(1, 3, MIN_SIDE, MIN_SIDE), file, export=export)
    try:
        _try_to_write(Path(os.path.realpath(file)), data)
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
        encode(np.zeros((MIN_SIDE, MIN_SIDE, 3), np.uint8), file.suffix)
        fault = f"this format holds no picture of {width} x {height} px"
        return encode(np.zeros((height, width, 3), np.uint8), file.suffix)
    except Exception:  # of no picture, or one that cannot hold RGB: each format has its own errors
        words = f"{', '.join(OFFERED[:-1])} or {OFFERED[-1]}"
        raise ValueError(f"{file}: {fault}; use {words}.") from None


def _try_to_write(target: Path, data: bytes) -> None:
    """Raise OSError or ValueError where `write_whole` would; leave everything as it was."""
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


def write_whole(file: Path, data: bytes) -> None:
    """Write a file in one go; one that stands there already stays whole if this fails."""
    target = Path(os.path.realpath(file))  # of a link, the file it points to is replaced
    if target.is_fifo():
        _write_to_pipe(target, data)
        return
    if target.is_file() or not target.exists():
        part = target.with_name(f".{secrets.token_hex(8)}.part")
        try:
            part.write_bytes(data)
            replace_file(part, target)
            return
        except PermissionError:  # of the folder; the file itself may be writable
            if not target.exists():
                raise
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)
    target.write_bytes(data)


def _write_to_pipe(pipe: Path, data: bytes) -> None:
    """Write to a named pipe. Raises OSError where nobody reads it, instead of waiting for ever."""
    try:
        descriptor = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    except OSError as error:
        words = "nobody reads this pipe" if error.errno == errno.ENXIO else error.strerror
        raise OSError(error.errno, words, str(pipe)) from None
    os.set_blocking(descriptor, True)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)
