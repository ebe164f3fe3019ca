"""One decoding process, as the process that asks it sees it."""

import subprocess
import sys
import threading
from contextlib import suppress
from typing import Any

import numpy as np
from PIL import Image

from style_transfer.decoding.levels import CHANNELS, TYPES, to_photo
from style_transfer.decoding.limits import RICH_TIME
from style_transfer.decoding.messages import Message, read_message, write_message
from style_transfer.picture_files import Photo
from style_transfer.runtime import child_environment

File = str | bytes  # the path of a file, or what is in it

_ENVIRONMENT = {  # one thread, since each takes address space, of which there is little
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "1",
}
# What values that make no sense raise, those of a process that a hostile file has taken over.
_NONSENSE = KeyError, TypeError, ValueError, OverflowError, StopIteration
_WIDEST = 8  # bytes a pixel: four channels of 16 bits
_NARROWEST = 100_000  # bytes of a picture whose shorter side has MIN_SIDE px already


class Decoder:
    """Reads strangers' files in a process of its own.

    That knows nothing of the program, and may take so much memory and time for a file and no more:
    it is ended where it takes too long or answers nonsense. All reading raises ValueError, one
    sentence that begins with `name`, for a file that cannot be read.
    """

    def __init__(self, seconds: float) -> None:
        """Start the process. It may be asked at once, and answers when it is ready."""
        process = subprocess.Popen(
            [sys.executable, "-m", "style_transfer.decoding.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # decoders quote what strangers wrote
            env=child_environment() | _ENVIRONMENT,
        )
        assert process.stdin
        assert process.stdout
        self._process, self._questions, self._answers = process, process.stdin, process.stdout
        self._seconds = seconds

    def open_image(self, file: File, name: str, max_side: int, pixels: int) -> Image.Image:
        """Return what `picture_files.open_image` does; it gets the memory for so many `pixels`."""
        return self._picture("image", file, name, max_side, pixels)

    def open_mask(self, file: File, name: str, max_side: int, pixels: int) -> Image.Image:
        """Return what `picture_files.open_mask` does, else as `open_image`."""
        return self._picture("mask", file, name, max_side, pixels)

    def open_photo(
        self,
        file: File,
        name: str,
        max_side: int,
        pixels: int,
        *,
        rich: bool = False,
        enlarged: bool = False,
    ) -> Photo:
        """Return what `picture_files.open_photo` does, but for what its file says beside.

        It gets the memory for `pixels`, for a picture that `survey` calls `rich` where it is.
        """
        most = _WIDEST * max_side**2 + 3 * _NARROWEST
        options = {"max_side": max_side, "pixels": pixels, "rich": rich, "enlarged": enlarged}
        seconds = self._seconds * (RICH_TIME if rich else 1)
        values, data = self._ask("photo", file, name, most, seconds, **options)
        try:
            width, height = map(int, values["size"])
            kind = next(each for each in TYPES if np.dtype(each).itemsize == values["bytes"])
            levels = np.frombuffer(data, kind).reshape(height, width, values["channels"])
            if levels.shape[2] not in CHANNELS:
                raise ValueError("channels that no photo has")
            return to_photo(levels)
        except _NONSENSE:
            raise self._give_up(name) from None

    def survey(self, file: File, name: str, pixels: int = 0) -> tuple[tuple[int, int], bool]:
        """Return (height, width) of a picture, and whether it is rich, as `picture_files.survey`.

        It gets the memory for `pixels`, of which a WebP alone needs any: its `declared_pixels`.
        """
        values, _ = self._ask("size", file, name, 0, pixels=pixels)
        try:
            height, width = map(int, values["size"])
            return (height, width), values["rich"] is True
        except _NONSENSE:
            raise self._give_up(name) from None

    def read_text(self, file: str, name: str, limit: int) -> bytes:
        """Return what `picture_files.read_text` does, as at most `limit` bytes of UTF-8."""
        return self._ask("text", file, name, limit, limit=limit)[1]

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        """Whether it can be asked no more."""
        return self._process.poll() is not None

    def end(self) -> None:
        """End the process, whatever it is doing; a second time does nothing."""
        self._process.kill()
        self._process.wait()
        for stream in (self._questions, self._answers):
            with suppress(OSError):  # of what was still to be written
                stream.close()

    def _picture(self, task: str, file: File, name: str, max_side: int, pixels: int) -> Image.Image:
        most = 3 * max_side**2 + _NARROWEST
        values, data = self._ask(task, file, name, most, max_side=max_side, pixels=pixels)
        try:
            width, height = map(int, values["size"])
            if 3 * width * height != len(data):  # or memory would be taken for what is said there
                raise ValueError("a picture of another size")
            return Image.frombytes("RGB", (width, height), data)
        except _NONSENSE:
            raise self._give_up(name) from None

    def _ask(
        self,
        task: str,
        file: File,
        name: str,
        most: int,
        seconds: float | None = None,
        **options: Any,
    ) -> Message:
        """Return the answer to a question, of at most `most` bytes, within so many seconds."""
        is_late = threading.Event()

        def interrupt() -> None:
            is_late.set()
            self._process.kill()

        timer = threading.Timer(seconds or self._seconds, interrupt)
        timer.daemon = True
        timer.start()
        data, path = (b"", file) if isinstance(file, str) else (file, None)
        values = {"task": task, "name": name, "file": path, **options}
        try:
            write_message(self._questions, values, data)
            answer = read_message(self._answers, most)
        except (OSError, ValueError, EOFError):
            refusal = self._give_up(name)
            if is_late.is_set():
                refusal = ValueError(f"{name}: this picture takes too long to read.")
            raise refusal from None
        finally:
            timer.cancel()
        if "refused" in answer[0]:
            raise ValueError(str(answer[0]["refused"]))
        return answer

    def _give_up(self, name: str) -> ValueError:
        """End the process, and return the refusal of the file."""
        self.end()
        return ValueError(f"{name}: this picture cannot be read.")
