"""What the decoding of one file may cost."""

from style_transfer.picture_files import MAX_PIXELS

DECODERS = 2  # processes; 35 MB each at rest
WAITING = 32  # threads that wait for one of them
WAITING_EACH = 8  # of these, for the files of one visitor
PATIENCE = 30.0  # s that a thread waits
SECONDS = 12.0  # that one file may take; the largest honest ones take half of it on a busy machine
RICH_TIME = 2  # times as long where more is read than opaque colours of 8 bits

MAX_MESSAGE = 50_000_000  # bytes of a file that is sent with a question
OVERHEAD = 200_000_000  # bytes of address space: libraries, tables, a few rows, the result
_PER_PIXEL = 24  # bytes at most: the decoder's own, four channels, and copies on the way to RGB
_PER_RICH_PIXEL = 100  # the same, with 16 bits a channel or opacity, in numbers of 32 bits

# Those that people use; each further decoder is one more that a hostile file can aim at.
FORMATS = (
    *("JPEG", "MPO", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF", "PPM", "PSD", "JPEG2000"),
    "HEIF",  # where a plugin for it is installed
)


def decoding_memory(pixels: int, rich: bool = False) -> int:
    """Return the bytes that the decoding of a picture of so many pixels may take at most.

    It is `rich` where more of it is read than opaque colours of 8 bits.
    """
    return (_PER_RICH_PIXEL if rich else _PER_PIXEL) * min(pixels, MAX_PIXELS)
