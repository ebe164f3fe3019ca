"""The process that decodes files for another one: `python -m style_transfer.decoding.worker`.

It answers messages at its standard output, one after the other, until its standard input ends. The
memory that it may take for a file follows from the size that it declares.
"""

import gc
import io
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from style_transfer.decoding.levels import to_levels
from style_transfer.decoding.limits import FORMATS, MAX_MESSAGE, OVERHEAD, decoding_memory
from style_transfer.decoding.messages import Message, read_message, write_message
from style_transfer.picture_files import open_image, open_mask, open_photo, read_text, survey
from style_transfer.runtime import release_free_memory

try:
    import resource
except ImportError:  # Windows, where the declared pixels are the only limit
    resource = None  # type: ignore[assignment]

File = str | BinaryIO


def main() -> None:
    """Answer messages until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that asks
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # or a decoder that prints would spoil an answer
    if resource:
        for kind in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE):  # it writes no files
            resource.setrlimit(kind, (0, 0))
    with suppress(EOFError, OSError):
        while True:
            values, data = read_message(requests, MAX_MESSAGE)
            write_message(answers, *answer(data=data, **values))
            gc.collect()  # pictures of Pillow refer to themselves
            release_free_memory()


def answer(task: str, name: str, data: bytes, file: str | None = None, **options: Any) -> Message:
    """Return the answer to one message: what the task gives, or why the file is refused."""
    try:
        return TASKS[task](io.BytesIO(data) if file is None else file, name, **options)
    except MemoryError:
        pass
    except ValueError as error:
        if not isinstance(error.__cause__, MemoryError):
            return {"refused": str(error)}, b""
    except Exception:  # decoders raise many kinds of exception for damage
        return {"refused": f"{name}: this file cannot be read."}, b""
    return {"refused": f"{name}: this picture takes more memory than its size allows."}, b""


def _size(file: File, name: str, pixels: int) -> Message:
    _limit_memory(pixels)
    size, rich = survey(file, name, FORMATS)
    return {"size": size, "rich": rich}, b""


def _image(file: File, name: str, pixels: int, max_side: int) -> Message:
    _limit_memory(pixels)
    image = open_image(file, name, max_side, FORMATS)
    return {"size": image.size}, image.tobytes()


def _photo(
    file: File, name: str, pixels: int, rich: bool, max_side: int, enlarged: bool
) -> Message:
    _limit_memory(pixels, rich)
    photo = open_photo(file, name, max_side, enlarged=enlarged, formats=FORMATS)
    levels = to_levels(photo)
    height, width, channels = levels.shape
    about = {"size": (width, height), "channels": channels, "bytes": levels.itemsize}
    return about, levels.tobytes()


def _mask(file: File, name: str, pixels: int, max_side: int) -> Message:
    _limit_memory(pixels)
    mask = open_mask(file, name, max_side, FORMATS)
    return {"size": mask.size}, mask.tobytes()


def _text(file: str, name: str, limit: int) -> Message:
    _limit_memory(0)
    text = read_text(file, limit)
    return {}, (text.encode(errors="replace") if isinstance(text, str) else text)[:limit]


TASKS: dict[str, Callable[..., Message]] = {
    "size": _size,
    "image": _image,
    "photo": _photo,
    "mask": _mask,
    "text": _text,
}


def _limit_memory(pixels: int, rich: bool = False) -> None:
    """Let this process allocate what a picture needs, where the system can see to it."""
    with suppress(OSError, ValueError):  # no Linux
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        most = pages * resource.getpagesize() + OVERHEAD
        most += decoding_memory(pixels, rich)
        resource.setrlimit(resource.RLIMIT_AS, (most, resource.getrlimit(resource.RLIMIT_AS)[1]))


if __name__ == "__main__":
    main()
