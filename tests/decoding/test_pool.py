"""Decoding processes: what they read, what they may take, and what becomes of those that fail."""

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from style_transfer.decoding import DecoderPool, declared_pixels
from style_transfer.picture_files import open_image

pytestmark = pytest.mark.integration

LEVELS = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
PIXELS = 64 * 48


XPM = b'/* XPM */\nstatic char *x[] = {\n"64 48 2 1",\n"a c #ff0000",\n' + b'"' + b"a" * 4000


@pytest.fixture(scope="module")
def pool():
    pool = DecoderPool(decoders=1)
    yield pool
    pool.close()


@pytest.fixture
def picture(tmp_path):
    """The path of a small PNG."""
    Image.fromarray(LEVELS).save(tmp_path / "picture.png")
    return str(tmp_path / "picture.png")


class Lent:
    """A pool as one of its decoders, lent for a single question."""

    def __init__(self, pool):
        self.pool = pool

    def __getattr__(self, name):
        def ask(*arguments, **named):
            with self.pool.lend() as decoder:
                return getattr(decoder, name)(*arguments, **named)

        return ask


def encoded(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def test_a_picture_is_read_as_this_process_would_read_it(pool, picture):
    assert Lent(pool).survey(picture, "a.png") == ((48, 64), False)
    for side in (64, 40):
        found = Lent(pool).open_image(picture, "a.png", side, PIXELS)
        assert found == open_image(picture, max_side=side)


def test_a_picture_is_read_from_bytes(pool, picture):
    data = encoded(Image.fromarray(LEVELS), "PNG")
    assert Lent(pool).survey(data, "painted") == ((48, 64), False)
    assert Lent(pool).open_image(data, "painted", 64, PIXELS) == Image.fromarray(LEVELS)


def test_a_text_file_is_read_to_its_limit(pool, tmp_path):
    (tmp_path / "recipe.json").write_text('{"words": "größer"}', encoding="utf-8")
    file = str(tmp_path / "recipe.json")
    assert json.loads(Lent(pool).read_text(file, "recipe.json", 1000)) == {"words": "größer"}
    assert Lent(pool).read_text(file, "recipe.json", 5) == b'{"wor'


def test_what_is_no_picture_is_refused_by_its_name(pool):
    with pytest.raises(ValueError, match=r"^holiday\.png: "):
        Lent(pool).survey(b"no picture", "holiday.png")


@pytest.mark.parametrize("kind", ["XPM", "XBM", "ICO", "TGA", "EPS", "PDF", "DDS", "SGI"])
def test_formats_that_nobody_uploads_are_not_tried(pool, kind):
    image = Image.fromarray(LEVELS)
    data = XPM if kind == "XPM" else encoded(image.convert("1" if kind == "XBM" else "RGB"), kind)
    with pytest.raises(ValueError, match=r"^odd: "):
        Lent(pool).survey(data, "odd")


@pytest.mark.parametrize(
    "kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "PPM", "JPEG2000", "AVIF"]
)
def test_formats_that_people_use_are_read(pool, kind):
    if kind not in (Image.init(), Image.SAVE)[1]:
        pytest.skip(f"this Pillow has no {kind}")
    data = encoded(Image.fromarray(LEVELS), kind)
    assert Lent(pool).open_image(data, "usual", 48, PIXELS).size == (48, 36)


def test_a_process_needs_no_torch():
    code = "import sys, style_transfer.decoding.worker; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def webp(width, height):
    """A WebP of 34 bytes that declares a size and has nothing of it."""
    sides = (width - 1) | (height - 1) << 14
    body = b"VP8L" + (14).to_bytes(4, "little") + b"\x2f" + sides.to_bytes(4, "little") + b"\0" * 9
    return b"RIFF" + (len(body) + 4).to_bytes(4, "little") + b"WEBP" + body


def test_the_size_that_a_webp_declares_is_known_before_it_is_opened(tmp_path):
    assert declared_pixels(webp(12_000, 8_000)) == 96_000_000
    for options in ({"lossless": True}, {"quality": 50}, {"quality": 50, "exif": b"Exif"}):
        data = encoded(Image.fromarray(LEVELS), "WEBP", **options)
        assert declared_pixels(data) == PIXELS
        (tmp_path / "a.webp").write_bytes(data)
        assert declared_pixels(str(tmp_path / "a.webp")) == PIXELS
    assert declared_pixels(encoded(Image.fromarray(LEVELS), "PNG")) == 0
    assert declared_pixels(str(tmp_path / "none.webp")) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not limit memory")
def test_a_file_gets_no_more_memory_than_its_size_needs(pool):
    large = encoded(Image.new("RGB", (7000, 7000)), "PNG", compress_level=1)
    with pytest.raises(ValueError, match=r"^large\.png: .* more memory"):
        Lent(pool).open_image(large, "large.png", 64, pixels=PIXELS)
    assert Lent(pool).open_image(large, "large.png", 64, pixels=49_000_000).size == (64, 64)


def test_the_memory_of_a_large_picture_is_given_back(pool):
    large = encoded(Image.new("RGB", (5000, 5000)), "PNG", compress_level=1)
    Lent(pool).open_image(large, "large.png", 64, pixels=25_000_000)
    Lent(pool).survey(encoded(Image.fromarray(LEVELS), "PNG"), "small.png")
    assert memory_of(pool, "VmHWM") - memory_of(pool, "VmRSS") > 50


def memory_of(pool, kind):
    """Megabytes that the process of a pool has, by the name that Linux gives them."""
    try:
        lines = Path(f"/proc/{pool.idle[0].pid}/status").read_text().splitlines()
    except OSError:
        pytest.skip("only Linux tells")
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(kind))


def test_a_process_that_takes_too_long_is_replaced(picture):
    pool = DecoderPool(decoders=1, seconds=4)
    Lent(pool).survey(picture, "a.png")
    before = pool.idle[0].pid
    os.kill(before, signal.SIGSTOP)
    with pytest.raises(ValueError, match=r"^slow\.png: this picture takes too long to read\.$"):
        Lent(pool).survey(picture, "slow.png")
    assert all(each.has_ended for each in pool.idle)
    pool = DecoderPool(decoders=1)
    assert Lent(pool).survey(picture, "a.png") == ((48, 64), False)


def test_a_file_that_never_ends_holds_nobody_else_up(picture, tmp_path):
    os.mkfifo(tmp_path / "slow.jp2")
    pool, ended = DecoderPool(seconds=5), []

    def read():
        with pytest.raises(ValueError, match=r"^slow: this picture takes too long to read\.$"):
            Lent(pool).survey(str(tmp_path / "slow.jp2"), "slow")
        ended.append("slow")

    thread = threading.Thread(target=read)
    thread.start()
    Lent(pool).open_image(picture, "usual", 64, PIXELS)
    ended.append("usual")
    thread.join()
    assert ended == ["usual", "slow"]
    pool.close()


def test_a_process_that_a_file_ends_is_replaced(pool, picture):
    Lent(pool).survey(picture, "a.png")
    before = pool.idle[0].pid
    os.kill(before, signal.SIGKILL)
    with pytest.raises(ValueError, match=r"^bad\.png: this picture cannot be read\.$"):
        Lent(pool).survey(picture, "bad.png")
    assert Lent(pool).survey(picture, "a.png") == ((48, 64), False)
    assert pool.idle[0].pid != before


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"nonsense\n",
        b"[]\n",
        b'{"length": -1}\n',
        b'{"length": 99999999}\n',
        b'{"length": 0}\n',
        b'{"size": "ab", "length": 0}\n',
        b'{"size": [9, 9], "length": 2}\nab',
        b'{"size": [60000, 60000], "length": 2}\nab',
        b'{"length": 9}\nab',
        b"{}\n",
        b"[" * 50_000 + b"\n",
        b'{"size": [1e999, 1], "length": 0}\n',
    ],
)
def test_a_process_that_was_taken_over_can_say_nothing_but_pixels(monkeypatch, answer):
    code = f"import sys; sys.stdin.buffer.readline(); sys.stdout.buffer.write({answer!r})"
    start = subprocess.Popen
    monkeypatch.setattr(
        subprocess, "Popen", lambda _, **options: start([sys.executable, "-c", code], **options)
    )
    pool = DecoderPool(decoders=1)
    with pytest.raises(ValueError, match=r"^a\.png: this picture cannot be read\.$"):
        Lent(pool).open_image("a.png", "a.png", 64, PIXELS)
    assert pool.idle[0].has_ended


@pytest.mark.parametrize(
    "answer",
    [
        b'{"size": [1, 1], "length": 0}\n',
        b'{"size": [1, 1], "channels": 3, "bytes": 1, "length": 2}\nab',
        b'{"size": [1, 1], "channels": 2, "bytes": 1, "length": 2}\nab',
        b'{"size": [1, 1], "channels": 3, "bytes": 8, "length": 3}\nabc',
        b'{"size": [-1, -3], "channels": 1, "bytes": 1, "length": 3}\nabc',
        b'{"size": [1, 1], "channels": "3", "bytes": 1, "length": 3}\nabc',
        b'{"size": [60000, 60000], "channels": 3, "bytes": 1, "length": 3}\nabc',
        b'{"size": [1, 1], "channels": 1e999, "bytes": 1, "length": 3}\nabc',
        b'{"size": [1, %d], "channels": 3, "bytes": 1, "length": 3}\nabc' % 10**30,
    ],
)
def test_nor_of_a_photo_anything_but_its_levels(monkeypatch, answer):
    code = f"import sys; sys.stdin.buffer.readline(); sys.stdout.buffer.write({answer!r})"
    start = subprocess.Popen
    monkeypatch.setattr(
        subprocess, "Popen", lambda _, **options: start([sys.executable, "-c", code], **options)
    )
    pool = DecoderPool(decoders=1)
    with pytest.raises(ValueError, match=r"^a\.png: this picture cannot be read\.$"):
        Lent(pool).open_photo("a.png", "a.png", 64, PIXELS)
    assert pool.idle[0].has_ended


def test_a_line_that_is_full_refuses_at_once(picture):
    pool = DecoderPool(decoders=1, waiting=1)
    Lent(pool).survey(picture, "a.png")
    os.kill(pool.idle[0].pid, signal.SIGSTOP)
    held = pool.idle[0].pid
    ask, arguments = Lent(pool).survey, (picture, "a.png")
    waiting = [threading.Thread(target=ask, args=arguments) for _ in range(2)]
    for thread in waiting:
        thread.start()
    while pool.waiting < 1:
        time.sleep(0.01)
    with pytest.raises(ValueError, match=r"^Too many pictures are being read at the moment"):
        Lent(pool).survey(picture, "a.png")
    os.kill(held, signal.SIGCONT)
    for thread in waiting:
        thread.join(30)
        assert not thread.is_alive()


def test_calls_beside_each_other_get_their_own_answers(tmp_path):
    pool, found = DecoderPool(decoders=2), {}
    sizes = [(40 + number, 40) for number in range(12)]

    def ask(size):
        data = encoded(Image.new("RGB", size), "PNG")
        found[size] = Lent(pool).open_image(data, "a.png", 64, PIXELS).size

    threads = [threading.Thread(target=ask, args=(size,)) for size in sizes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {size: size for size in sizes}
    assert len(pool.idle) <= 2


def test_processes_end_with_their_pool(picture):
    pool = DecoderPool(decoders=2)
    pool.warm()
    pids = [each.pid for each in pool.idle]
    assert len(pids) == 2
    pool.close()
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
