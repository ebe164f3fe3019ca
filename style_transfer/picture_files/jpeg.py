"""JPEG: reduced while it is decoded, and read where nothing but its end is missing."""

import io
from typing import BinaryIO

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from style_transfer.picture_files.sizes import MAX_PIXELS, fit

MAX_JPEG_PIXELS = 400_000_000  # in the file; phones take 200 million, and it is 4 s of decoding
_SCALES = (1, 2, 4, 8)  # by which libjpeg divides the sides
_END = b"\xff\xd9"


def open_huge(stream: BinaryIO) -> Image.Image | None:
    """Return the JPEG in `stream`, larger than Pillow opens by itself; None if it is another."""
    stream.seek(0)
    if stream.read(3) != b"\xff\xd8\xff":
        return None
    stream.seek(0)
    return JpegImageFile(stream)


def most_pixels(image: Image.Image) -> int:
    """Return how many pixels a file may have: more where it is reduced while it is decoded.

    That spares no memory for a progressive JPEG, whose coefficients are all held at once.
    """
    reducible = isinstance(image, JpegImageFile) and not image.info.get("progressive")
    return MAX_JPEG_PIXELS if reducible else MAX_PIXELS


def reduce_while_decoding(image: Image.Image, max_side: int | None) -> None:
    """Have a JPEG decoded at half, a quarter or an eighth of its size, so that MAX_PIXELS holds.

    With `max_side`, so far that at least twice that side remains, from which it is well resampled.
    """
    if not isinstance(image, JpegImageFile):
        return
    width, height = image.size
    scale = next(s for s in _SCALES if width * height <= MAX_PIXELS * s * s)
    if max_side is not None:
        smallest = 2 * max(fit(image.size, max_side))
        scale = max([scale, *(s for s in _SCALES if max(image.size) // s >= smallest)])
    if scale > 1:
        image.draft(None, (width // scale, height // scale))


def without_end(stream: BinaryIO, max_side: int | None) -> Image.Image | None:
    """Return a decoded JPEG whose end marker is missing, None where pixels are missing too.

    It is whole where no pixel depends on what would have come next.
    """
    stream.seek(0)
    data = stream.read().removesuffix(_END[:1])
    shown = [_decoded(data + more, max_side) for more in (_END, b"\x5a\x33" * 32 + _END)]
    return shown[0] if shown[0].tobytes() == shown[1].tobytes() else None


def _decoded(data: bytes, max_side: int | None) -> Image.Image:
    image = Image.open(io.BytesIO(data), formats=("JPEG",))
    reduce_while_decoding(image, max_side)
    image.load()
    return image
