"""The size that a WebP file declares.

Its decoder takes memory for all pixels as soon as a file is opened, and not only when it is decoded
as those of other formats; so the size must be known before. The format: RFC 9649, section 2.
"""

_HEAD = 30  # bytes


def declared_pixels(file: str | bytes) -> int:
    """Return the number of pixels that a WebP declares, 0 for any other file."""
    if isinstance(file, bytes):
        return _pixels(file[:_HEAD])
    try:
        with open(file, "rb") as content:
            return _pixels(content.read(_HEAD))
    except OSError:  # which whoever reads the file will find
        return 0


def _pixels(head: bytes) -> int:
    def number(first: int, end: int) -> int:
        return int.from_bytes(head[first:end], "little")

    if head[:4] != b"RIFF" or head[8:12] != b"WEBP":
        return 0
    match head[12:16]:
        case b"VP8X":  # extended
            return (number(24, 27) + 1) * (number(27, 30) + 1)
        case b"VP8L":  # lossless: 14 bits for each side
            sides = number(21, 25)
            return ((sides & 0x3FFF) + 1) * ((sides >> 14 & 0x3FFF) + 1)
        case _:  # lossy: 14 bits, and two for scaling
            return (number(26, 28) & 0x3FFF) * (number(28, 30) & 0x3FFF)
