"""Why a file cannot be read, and how to get to one that can."""

from collections.abc import Collection
from typing import BinaryIO

_HEAD = 32  # bytes that tell a format
_HDR = "a picture of high dynamic range; tone-map it and save it as PNG or JPEG."
_RAW = "a raw photo of a camera; develop it and save it as JPEG or TIFF."
_HEIC = "HEIC cannot be read here; save it as JPEG or PNG, or install pillow-heif."
_AVIF = "AVIF cannot be read here; save it as JPEG or PNG, or install a newer Pillow."
_DECODERS = {_HEIC: "HEIF", _AVIF: "AVIF"}  # where there is one, by Pillow's name, it is damaged
_DAMAGED = "this picture is damaged."
_TIFF = "of TIFF, colours of 8 or 16 bits and greys of up to 32 can be read; save it so, or as PNG."
_PSD = "of PSD, only 8 bits for each channel can be read; reduce it to that, or save it as PNG."
_SENTENCES = (  # place and bytes there; the first that fits
    (0, b"\x76\x2f\x31\x01", f"this is EXR, {_HDR}"),
    (0, b"#?RADIANCE", f"this is HDR, {_HDR}"),
    (0, b"#?RGBE", f"this is HDR, {_HDR}"),
    (0, b"PF\n", f"this is a colour PFM, {_HDR}"),
    (0, b"8BPS", _PSD),
    (4, b"ftypcrx", f"this is {_RAW}"),
    (0, b"FUJIFILMCCD-RAW", f"this is {_RAW}"),
    (0, b"IIRO", f"this is {_RAW}"),
    (0, b"IIRS", f"this is {_RAW}"),
    (0, b"IIU\0", f"this is {_RAW}"),
    *((4, b"ftyp" + brand, _AVIF) for brand in (b"avif", b"avis")),
    *((4, b"ftyp" + brand, _HEIC) for brand in (b"hei", b"hev", b"mif1", b"msf1")),
    (0, b"II\x2a\0", _TIFF),
    (0, b"MM\0\x2a", _TIFF),
    (0, b"II\x2b\0", _TIFF),
    (0, b"MM\0\x2b", _TIFF),
    (0, b"\xff\x0a", "JPEG XL cannot be read; save it as JPEG or PNG."),
    (4, b"JXL ", "JPEG XL cannot be read; save it as JPEG or PNG."),
)
RAW_PHOTO = f"this is {_RAW}"


class RefusedError(Exception):
    """A picture that is not read, although it may be whole; the words follow the file's name."""


def reason(stream: BinaryIO, known: Collection[str]) -> str:
    """Return a sentence on a file that no decoder takes, without its name.

    `known` are the formats, by Pillow's names, for which there are decoders.
    """
    stream.seek(0)
    head = stream.read(_HEAD)
    for place, magic, words in _SENTENCES:
        if head.startswith(magic, place):
            return _DAMAGED if _DECODERS.get(words) in known else words
    return "this is not a picture that can be read."
