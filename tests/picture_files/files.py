"""TIFF and PNG files whose every tag and byte a test chooses, and a profile of greys."""

import io
import struct
import zlib
from typing import Any

import numpy as np

_TYPES = {"H": 3, "L": 4}


def tiff(levels: np.ndarray, tags: dict[int, Any] | None = None, planar: bool = False) -> bytes:
    """An uncompressed TIFF of levels (H, W) or (H, W, C) in one strip, or one for each plane.

    `tags` have a number or several; that of tag 330, levels, becomes a nested picture.
    """
    return pages([(levels, tags or {})], planar)


def pages(pictures: list[tuple[np.ndarray, dict[int, Any]]], planar: bool = False) -> bytes:
    """A TIFF of several pictures, each with tags as `tiff` takes them."""
    file = bytearray(b"II*\0\0\0\0\0")
    place = 4  # where the address of the next directory is due
    for levels, tags in pictures:
        address, next_place = _append(file, levels, dict(tags), planar)
        struct.pack_into("<L", file, place, address)
        place = next_place
    return bytes(file)


def _append(
    file: bytearray, levels: np.ndarray, tags: dict[int, Any], planar: bool
) -> tuple[int, int]:
    if 330 in tags:
        tags[330] = _append(file, tags[330], {}, False)[0]
    bands = levels.reshape(*levels.shape[:2], -1)
    height, width, count = bands.shape
    planes = [bands[..., band] for band in range(count)] if planar else [bands]
    offsets = []
    for plane in planes:
        offsets.append(len(file))
        file += plane.tobytes()
    signs = {"u": 1, "i": 2, "f": 3}
    known = {
        256: width,
        257: height,
        258: (8 * levels.dtype.itemsize,) * count,
        259: 1,
        262: 2 if count >= 3 else 1,
        273: tuple(offsets),
        277: count,
        278: height,
        279: tuple(plane.nbytes for plane in planes),
        284: 2 if planar else 1,
        339: (signs[levels.dtype.kind],) * count,
    }
    entries = []
    for tag, value in sorted({**known, **tags}.items()):
        values = value if isinstance(value, tuple) else (value,)
        kind = "L" if tag in (273, 279, 330) else "H"
        data = struct.pack(f"<{len(values)}{kind}", *values)
        if len(data) > 4:
            file += b"\0" * (len(file) % 2)
            data, end = struct.pack("<L", len(file)), data
            file += end
        entries.append(struct.pack("<HHL", tag, _TYPES[kind], len(values)) + data.ljust(4, b"\0"))
    file += b"\0" * (len(file) % 2)
    address = len(file)
    file += struct.pack("<H", len(entries)) + b"".join(entries) + b"\0\0\0\0"
    return address, len(file) - 4


def png(levels: np.ndarray, bits: int, transparent: bytes = b"") -> bytes:
    """A PNG of greys (H, W) or colours (H, W, 3), with the data of a tRNS chunk."""
    height, width = levels.shape[:2]
    if bits == 16:
        rows = levels.astype(">u2").reshape(height, -1).view(np.uint8)
    elif bits == 8:
        rows = levels.astype(np.uint8).reshape(height, -1)
    else:
        ones = np.unpackbits(levels.astype(np.uint8)[..., None], axis=-1)[..., 8 - bits :]
        rows = np.packbits(ones.reshape(height, -1), axis=-1)
    data = b"".join(b"\0" + row.tobytes() for row in rows)
    colour = 2 if levels.ndim == 3 else 0
    file = io.BytesIO()
    file.write(b"\x89PNG\r\n\x1a\n")
    file.write(_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)))
    if transparent:
        file.write(_chunk(b"tRNS", transparent))
    file.write(_chunk(b"IDAT", zlib.compress(data)) + _chunk(b"IEND", b""))
    return file.getvalue()


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + checksum


def grey_profile(gamma: float, space: bytes = b"XYZ ") -> bytes:
    """An ICC profile of greys, version 2, of one gamma; `space` is the one that it connects to."""
    white = struct.pack(">4s4x3l", b"XYZ ", 63190, 65536, 54061)  # D50 in 16.16 fixed point
    curve = struct.pack(">4s4xLH2x", b"curv", 1, round(gamma * 256))
    words = b"desc" + bytes(4) + struct.pack(">L", 2) + b"g\0" + bytes(78)
    data, entries, place = b"", b"", 128 + 4 + 3 * 12
    for tag, body in ((b"desc", words), (b"wtpt", white), (b"kTRC", curve)):
        entries += struct.pack(">4sLL", tag, place + len(data), len(body))
        data += body + bytes(-len(body) % 4)
    size = place + len(data)
    head = struct.pack(">L4xL4s4s4s", size, 0x02100000, b"mntr", b"GRAY", space)
    head += bytes(12) + b"acsp" + bytes(28) + struct.pack(">3l", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + struct.pack(">L", 3) + entries + data
