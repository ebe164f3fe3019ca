"""Films and animations to frames, one after the other."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from style_transfer.film.clock import Stretches, survey
from style_transfer.film.containers import open_source, told
from style_transfer.images import MAX_PIXELS, MIN_SIDE, UPRIGHT, color_named, orientation, to_tensor

VIDEO_SUFFIXES = {".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi", ".mpg", ".mpeg", ".ts", ".wmv"}
_ANIMATIONS = ("GIF", "WEBP", "PNG")  # by Pillow's names
_SHORTEST = Fraction(1, 50)  # s; shorter frames of animations last 0.1 s, as in browsers
_BROWSERS = Fraction(1, 10)  # s
_USUAL_RATE = 25  # of films that do not tell theirs

Size = tuple[int, int]  # height, width


@dataclass(frozen=True, eq=False)
class FilmFrame:
    """A frame, as it is shown."""

    image: Tensor  # (1, 3, H, W) RGB in [0, 1]
    begin: Fraction  # s from the begin of the film
    end: Fraction


class Film(Protocol):
    """A film, or an animation."""

    size: Size  # of a frame as it is shown, with square pixels
    count: int  # of frames, as far as it is known before they are decoded
    rate: Fraction  # frames a second, on average
    time_base: Fraction  # s, of which all times are multiples
    left_out: int  # of the frames of the last reading, those whose time had passed
    damaged: int  # and those that could not be decoded

    def frames(self, size: Size) -> Iterator[FilmFrame]:
        """Yield all frames at a size, one after the other. Raises ValueError for damage."""


def is_animation(file: Path) -> bool:
    """Return whether a file is a picture of several frames; a pipe is left unread and is none."""
    if not file.is_file():
        return False
    with suppress(Exception), Image.open(file, formats=_ANIMATIONS) as image:  # of any damage
        return len(_numbers(image)) > 1
    return False


def open_film(file: Path, background: str = "white") -> Film:
    """Return a film. What is transparent in an animation is laid on the colour `background`.

    Raises ValueError, one sentence that names the file, where it is none or cannot be read.
    """
    if not file.is_file():
        raise ValueError(f"{file.name}: there is no such file.")
    film: Film = Animation(file, background) if is_animation(file) else Video(file)
    height, width = film.size
    if min(film.size) < MIN_SIDE or height * width > MAX_PIXELS:
        raise ValueError(
            f"{file.name}: {width} x {height} pixels; each side needs at least {MIN_SIDE}, and "
            f"{MAX_PIXELS:,} pixels in all are allowed."
        )
    if film.count < 2:
        raise ValueError(f"{file.name}: this is a picture, and no film.")
    return film


class Animation:
    """A GIF, WebP or PNG of several frames, decoded by Pillow."""

    def __init__(self, file: Path, background: str) -> None:
        self._file = file
        self._background = tuple(round(255 * each) for each in color_named(background))
        with told(file), Image.open(file, formats=_ANIMATIONS) as image:
            turned = orientation(image)
            self._turn = UPRIGHT.get(turned)
            self.size = image.size if turned > 4 else image.size[::-1]
            self._numbers = _numbers(image)
            self.count = len(self._numbers)
            image.seek(self._numbers[0])
            image.load()  # by which a WebP's time is known
            seconds = _seconds(image)
        self.rate, self.time_base = 1 / seconds, Fraction(1, 1000)
        self.left_out = self.damaged = 0

    def frames(self, size: Size) -> Iterator[FilmFrame]:
        """Yield all frames at a size."""
        begin = Fraction(0)
        with told(self._file), Image.open(self._file, formats=_ANIMATIONS) as image:
            for number in self._numbers:
                image.seek(number)
                picture = image.convert("RGBA")
                paper = Image.new("RGBA", picture.size, (*self._background, 255))
                paper.alpha_composite(picture)
                shown = paper.convert("RGB")
                if self._turn is not None:
                    shown = shown.transpose(self._turn)
                end = begin + _seconds(image)
                yield FilmFrame(_sized(shown, size), begin, end)
                begin = end


class Video:
    """A film, decoded by PyAV."""

    def __init__(self, file: Path) -> None:
        self._file, self.left_out, self.damaged = file, 0, 0
        with self._opened() as (container, stream):
            frames = (f for packet in container.demux(stream) for f in self._pictures(packet))
            first = next(frames, None)
            if first is None:
                raise ValueError(f"{file.name}: there are no pictures in this film.")
            width = first.width * (stream.sample_aspect_ratio or 1)
            self._quarters = round(first.rotation / 90)  # a quarter each, against the clock
            self.size = (first.height, max(1, round(width)))
            if self._quarters % 2:
                self.size = self.size[::-1]
            self.rate = Fraction(stream.average_rate or stream.guessed_rate or _USUAL_RATE)
            self.time_base = stream.time_base
        origin = (first.pts or 0) * self.time_base
        with self._opened() as (container, stream):
            self.count, self.origins = survey(container, stream, origin, 1 / self.rate)

    def frames(self, size: Size) -> Iterator[FilmFrame]:
        """Yield all frames at a size."""
        self.left_out = self.damaged = 0
        with self._opened() as (container, stream):
            # With a thread for each frame, a damaged one would take others with it.
            stream.thread_type = "SLICE"
            last, last_end = None, Fraction(0)
            for frame in self._decoded(container, stream):
                begin = last_end if frame.pts is None else frame.pts * self.time_base
                if last is not None and begin > last[1]:
                    yield FilmFrame(self._shown(last[0], size), last[1], begin)
                elif last is not None:
                    self.left_out += 1
                    continue
                length = (frame.duration or 0) * self.time_base
                last, last_end = (frame, begin), begin + (length or 1 / self.rate)
            if last is not None:
                yield FilmFrame(self._shown(last[0], size), last[1], last_end)

    def _decoded(self, container: Any, stream: Any) -> Iterator[Any]:
        """Yield frames with the times of the film."""
        stretches = Stretches(container)
        for packet in container.demux(stream):
            origin = self.origins[stretches.of(packet)]
            if packet.pts is not None:
                packet.pts -= round(origin / self.time_base)
            yield from self._pictures(packet)

    def _pictures(self, packet: Any) -> list[Any]:
        """Return the frames of a packet, none of a damaged one, after which players go on."""
        import av  # an extra

        try:
            return list(packet.decode())
        except av.error.InvalidDataError:
            self.damaged += 1
            return []

    def _shown(self, frame: Any, size: Size) -> Tensor:
        height, width = size[::-1] if self._quarters % 2 else size
        matrix = None  # that of the frame
        if frame.colorspace == _UNSPECIFIED:
            matrix = "ITU709" if frame.height > _LARGEST_SD else "ITU601"
        scaled = frame.reformat(
            width=width,
            height=height,
            format="rgb24",
            interpolation="LANCZOS",
            src_colorspace=matrix,
        )
        pixels = np.rot90(scaled.to_ndarray(), self._quarters)
        levels = torch.from_numpy(np.ascontiguousarray(pixels))
        return levels.permute(2, 0, 1).unsqueeze(0).contiguous().float() / 255

    @contextmanager
    def _opened(self) -> Iterator[tuple[Any, Any]]:
        """Give the open container and its stream of pictures."""
        with told(self._file), open_source(self._file) as container:
            streams = [s for s in container.streams.video if not s.disposition & _COVER]
            if not streams:
                raise ValueError(f"{self._file.name}: there are no pictures in this film.")
            yield container, streams[0]


_UNSPECIFIED = 2  # ITU-T H.273's number of the matrix where it is not told
_LARGEST_SD = 576  # lines; players take larger films without a matrix for HD television
_COVER = 0x400  # FFmpeg's AV_DISPOSITION_ATTACHED_PIC: the picture on an album


def _numbers(image: Image.Image) -> range:
    """Return the numbers of the frames, without the picture for viewers without animations."""
    return range(1 if image.info.get("default_image") else 0, getattr(image, "n_frames", 1))


def _seconds(image: Image.Image) -> Fraction:
    """Return how long a frame of an animation is shown."""
    seconds = Fraction(round(image.info.get("duration", 0)), 1000)
    return seconds if seconds >= _SHORTEST else _BROWSERS


def _sized(picture: Image.Image, size: Size) -> Tensor:
    height, width = size
    if picture.size != (width, height):
        picture = picture.resize((width, height), Image.Resampling.LANCZOS)
    return to_tensor(picture)
