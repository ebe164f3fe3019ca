"""Files that are not what they say: each is read or refused in one sentence, soon, in bounds."""

import io
import random
import resource
import struct
import time
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from style_transfer.images import MAX_PIXELS, open_image

SIDES = 64, 48
LEVELS = np.random.default_rng(0).integers(0, 256, (SIDES[1], SIDES[0], 3), dtype=np.uint8)
PICTURE = Image.fromarray(LEVELS).resize((16, 12)).resize(SIDES, Image.Resampling.BICUBIC)
MODES = ("RGB", "RGBA", "L", "P", "1", "CMYK", "I;16", "F")
GROWTH = 1_500  # MB; a file of MAX_PIXELS takes 300 MB for each copy of it


HEADS = {  # of formats that Pillow opens and does not write; noise comes after them
    "BUFR": b"BUFR",
    "CUR": b"\0\0\2\0\1\0\x30\x40\0\0",
    "DCX": b"\xb1\x68\xde\x3a\x0c\0\0\0\0\0\0\0\x0a\5\1\x08",
    "FITS": b"SIMPLE  =                    T".ljust(80)
    + b"BITPIX  =                    8".ljust(80),
    "FLI": b"\0\1\0\0\x11\xaf\1\0\x40\0\x30\0\x08\0",
    "FTEX": b"FTEX\0\1\0\0\x40\0\0\0\x30\0\0\0\1\0\0\0\1\0\0\0",
    "GBR": b"\0\0\0\x1c\0\0\0\2\0\0\0\x40\0\0\0\x30\0\0\0\1GIMP\0\0\0\1",
    "GRIB": b"GRIB\0\0\0\1",
    "HDF5": b"\x89HDF\r\n\x1a\n",
    "ICNS": b"icns\0\0\2\0it32\0\0\1\0",
    "IMT": b"width 64\nheight 48\n\x0c",
    "IPTC": b"\x1c\3\x14\0\2\0\x40\x1c\3\x1e\0\2\0\x30",
    "MCIDAS": b"\0\0\0\0\0\0\0\4",
    "MPEG": b"\0\0\1\xb3\4\0\x30",
    "PCD": b"\0" * 2048 + b"PCD_",
    "PIXAR": b"\x80\xe8\0\0",
    "PSD": b"8BPS\0\1\0\0\0\0\0\0\0\3\0\0\0\x30\0\0\0\x40\0\x08\0\3",
    "SUN": b"\x59\xa6\x6a\x95\0\0\0\x40\0\0\0\x30\0\0\0\x18",
    "WMF": b"\xd7\xcd\xc6\x9a\0\0\0\0\0\0\x40\0\x30\0\x48\0",
    "XPM": b'/* XPM */\nstatic char *x[] = {\n"64 48 2 1",\n"a c #ff0000",\n',
    "XVTHUMB": b"P7 332\n#END_OF_COMMENTS\n64 48 255\n",
}


def seeds():
    """A whole file of each format that Pillow can write, and the beginning of each other."""
    noise = random.Random(0)
    whole = {name: head + noise.randbytes(4000) for name, head in HEADS.items()}
    for name in sorted(Image.SAVE):
        for mode in MODES:
            file = io.BytesIO()
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    PICTURE.convert(mode).save(file, name)
                    open_image(io.BytesIO(file.getvalue()))
                    whole[f"{name} {mode}"] = file.getvalue()
            except Exception:  # what cannot be written cannot be a seed
                continue
    return whole


SEEDS = seeds()


def mutated(data, chance):
    """Return a file with what happens to files, and what somebody would do to them."""
    data = bytearray(data)
    match chance.randrange(6):
        case 0:  # cut off
            del data[chance.randrange(len(data)) :]
        case 1:  # flipped bits
            for _ in range(chance.choice((1, 3, 30))):
                data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        case 2:  # a number in the header that is very large
            at = chance.randrange(min(len(data), 200))
            data[at : at + 4] = chance.choice(
                (b"\xff\xff\xff\xff", b"\x00\x00\xea\x60", b"\0\0\0\0")
            )
        case 3:  # a part that comes twice, or not at all
            one, other = sorted(chance.randrange(len(data)) for _ in range(2))
            data[one:other] = data[one:other] * chance.choice((0, 2))
        case 4:  # the head of one, the body of another
            other = chance.choice(list(SEEDS.values()))
            cut = chance.randrange(1, 100)
            data = bytearray(data[:cut] + other[cut:])
        case 5:  # noise over a part
            at = chance.randrange(len(data))
            data[at : at + 50] = chance.randbytes(min(50, len(data) - at))
    return bytes(data)


def verdict(file, name=None):
    """Return "" for a file that was read, or the sentence that refuses it; all else fails."""
    try:
        picture = open_image(file, name)
    except ValueError as error:
        words = str(error)
        assert "\n" not in words
        assert len(words) < 400
        return words
    assert picture.mode == "RGB"
    return ""


def peak():
    """The most memory that this process ever had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def try_all(count, seed):
    """Return the seconds of the slowest, how many were read, and by how many MB memory grew."""
    chance, slowest, read = random.Random(seed), 0.0, 0
    before = peak()
    names = sorted(SEEDS)
    for number in range(count):
        data = mutated(SEEDS[names[number % len(names)]], chance)
        began = time.perf_counter()
        read += not verdict(io.BytesIO(data), "upload.png")
        slowest = max(slowest, time.perf_counter() - began)
    return slowest, read, peak() - before


def test_the_seeds_are_of_many_formats():
    formats = {name.split()[0] for name in SEEDS}
    assert {"PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP", "ICO", "TGA", "PPM", "PSD"} <= formats
    assert len(formats) >= 30


def test_mutated_files_are_read_or_refused_in_one_sentence():
    _, read, grown = try_all(300, seed=1)
    assert 0 < read < 300
    assert grown < GROWTH


@pytest.mark.slow
def test_many_mutated_files_are_read_or_refused_soon_and_in_bounds():
    count = 4000
    slowest, read, grown = try_all(count, seed=2)
    print(
        f"\n{count} mutated files of {len(SEEDS)} seeds: {read} read, {count - read} refused, "
        f"slowest {slowest:.2f} s, memory + {grown:.0f} MB"
    )
    assert slowest < 5
    assert grown < GROWTH


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, packed, *more):
    """A PNG of grey levels with these compressed rows."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    rows = chunk(b"IDAT", packed)
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(more) + rows + chunk(b"IEND", b"")


def bomb(byte):
    """200 MB of one byte, compressed: a megabyte, again and again."""
    packer, part, check = zlib.compressobj(9, wbits=-15), byte * 2**20, 1
    packed = packer.compress(part) + packer.flush(zlib.Z_FULL_FLUSH)
    for _ in range(200):
        check = zlib.adler32(part, check)
    return b"\x78\xda" + packed * 200 + packer.flush() + struct.pack(">I", check)


def test_a_bomb_is_whole():
    unpacker, size = zlib.decompressobj(), 0
    data = bomb(b"x")
    assert len(data) < 500_000
    while data:
        size += len(unpacker.decompress(data, 2**20))
        data = unpacker.unconsumed_tail
    assert unpacker.eof
    assert size == 200 * 2**20


def test_a_header_of_60000_by_60000_is_refused_before_it_is_decoded():
    before = peak()
    words = verdict(io.BytesIO(png(60_000, 60_000, zlib.compress(b"\0" * 1000))), "huge.png")
    assert words.startswith("huge.png: ")
    assert f"{MAX_PIXELS:,} pixels" in words
    assert peak() - before < 50


def test_compressed_rows_beyond_the_size_in_the_header_are_not_unpacked():
    file = io.BytesIO(png(64, 48, bomb(b"\0")))
    before = peak()
    verdict(file, "bomb.png")
    assert peak() - before < 100


def test_metadata_that_unpacks_to_much_is_refused_or_left_out():
    text = chunk(b"zTXt", b"Comment\0\0" + bomb(b"x"))
    file = io.BytesIO(png(64, 48, zlib.compress(b"\0" * 65 * 48), text))
    before = peak()
    words = verdict(file, "talk.png")
    assert not words or words.startswith("talk.png: ")
    assert peak() - before < 100


def test_an_animation_of_ten_thousand_frames_gives_its_first():
    first, other = Image.new("P", SIDES, 1), Image.new("P", SIDES, 0)
    first.putpalette([0, 0, 0, 255, 0, 0])
    other.putpalette([0, 0, 0, 255, 0, 0])
    file = io.BytesIO()
    first.save(file, "GIF")
    head = file.getvalue()[:-1]
    file = io.BytesIO()
    other.save(file, "GIF")
    frame = file.getvalue()[file.getvalue().index(b",") : -1]
    moving = io.BytesIO(head + frame * 10_000 + b";")
    with Image.open(moving) as image:
        assert image.format == "GIF"
    assert open_image(moving).getpixel((5, 5)) == (255, 0, 0)


SVG = """<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>
<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64">
<image href="http://127.0.0.1:1/secret.png" width="64" height="64"/><text>&x;</text></svg>"""
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/OpenAction<</S/URI/URI(http://127.0.0.1:1/)>>>>endobj\n"
EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\n(%pipe%touch /tmp/x) (w) file\n"


@pytest.mark.parametrize("name", ["picture.svg", "picture.png", "picture.pdf", "picture.eps"])
@pytest.mark.parametrize("data", [SVG.encode(), PDF, EPS], ids=["svg", "pdf", "eps"])
def test_drawings_with_references_are_refused_whatever_they_are_called(name, data, tmp_path):
    (tmp_path / name).write_bytes(data)
    assert verdict(tmp_path / name) == f"{name}: this is not a picture that can be read."


def test_a_wrong_extension_does_not_matter(tmp_path):
    PICTURE.save(tmp_path / "picture.gif", "JPEG")
    assert verdict(tmp_path / "picture.gif") == ""


def test_folders_devices_and_links_to_nothing_are_refused_in_one_sentence(tmp_path):
    (tmp_path / "link.png").symlink_to(tmp_path / "nothing.png")
    (tmp_path / "circle.png").symlink_to(tmp_path / "circle.png")
    for file in (tmp_path, tmp_path / "link.png", tmp_path / "circle.png", Path("/dev/null")):
        assert verdict(file)


def test_a_link_to_a_text_is_refused_without_a_word_of_the_text(tmp_path):
    (tmp_path / "secret.txt").write_text("the secret word")
    (tmp_path / "link.png").symlink_to(tmp_path / "secret.txt")
    assert verdict(tmp_path / "link.png") == "link.png: this is not a picture that can be read."
