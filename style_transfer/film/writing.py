"""Painted frames to a film."""

import io
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image

from style_transfer.film.containers import open_source, open_target
from style_transfer.film.reading import Film, Size, Video
from style_transfer.film.sound import Route, Sound, routes_of
from style_transfer.images import add_video, even, video_frame
from style_transfer.replacing import replace_file


@dataclass(frozen=True)
class FilmFormat:
    """A format of films, by FFmpeg's names."""

    container: str
    codec: str
    sound: str = ""  # what codes sound that the container cannot hold; "": it has none
    options: dict[str, str] = field(default_factory=dict)  # of the container


_INDEX_FIRST = {"movflags": "+faststart"}  # so that a browser plays at once
FILM_FORMATS = {  # by the ending of the file's name
    ".mp4": FilmFormat("mp4", "libx264", "aac", _INDEX_FIRST),
    ".m4v": FilmFormat("mp4", "libx264", "aac", _INDEX_FIRST),
    ".mov": FilmFormat("mov", "libx264", "aac", _INDEX_FIRST),
    ".mkv": FilmFormat("matroska", "libx264", "aac"),
    ".webm": FilmFormat("webm", "libvpx-vp9", "libopus"),
    ".gif": FilmFormat("gif", "gif", options={"loop": "0"}),  # repeated for ever
    ".apng": FilmFormat("apng", "apng", options={"plays": "0"}),
    ".webp": FilmFormat("webp", "libwebp_anim", options={"loop": "0"}),
}
_TICKS = {"gif": 100, "apng": 1000, "libwebp_anim": 1000}  # of a second
_LEAST_TICKS = {"gif": 2}  # from a frame to the next; browsers show shorter ones for 0.1 s
_QUALITY = {"libwebp_anim": {"quality": "90"}}


class Painting(NamedTuple):
    """A painted frame."""

    file: Path
    begin: Fraction  # s
    end: Fraction


def write_film(paintings: Sequence[Painting], output: Path, source: Path, film: Film) -> str:
    """Write a film of painted frames of equal size, with the sound of `source`.

    Returns a sentence on sound that the film cannot have, or "". Only one frame is in memory at a
    time. The file is written whole or not at all. An odd side loses one pixel where the format has
    one colour for 2 x 2. Raises OSError, ValueError or PyAV's FFmpegError.
    """
    import av  # an extra

    known = FILM_FORMATS[output.suffix.lower()]
    if not known.sound or not isinstance(film, Video):
        _write(paintings, output, source, film, {})
        return ""
    try:
        routes = routes_of(source, known.container, known.sound)
        possible = {index: route for index, route in routes.items() if route}
        _write(paintings, output, source, film, possible)
    except (av.FFmpegError, OSError, ValueError) as error:
        _write(paintings, output, source, film, {})  # raises again what is not due to sound
        reason = getattr(error, "strerror", None) or error
        return f"{source.name}: the film is without its sound, which cannot be written ({reason})."
    if len(possible) == len(routes):
        return ""
    missing = ", ".join(str(n) for n, index in enumerate(routes, 1) if index not in possible)
    return f"{source.name}: the film is without sound track {missing}; its format cannot hold that."


def check_size(output: Path, size: Size, film: Film) -> None:
    """Raise ValueError, one sentence, where no film of `size` can be `output`.

    A black frame is tried, in memory: what a format takes is not all that its encoder does.
    """
    import av

    known, (height, width) = FILM_FORMATS[output.suffix.lower()], size
    try:
        with av.open(io.BytesIO(), "w", format=known.container) as trial:
            stream = _video(trial, known, (width, height), film)
            frame = _frame(Image.new("RGB", (width, height)), stream, known.codec)
            frame.pts, frame.time_base = 0, stream.codec_context.time_base
            for packet in (*stream.encode(frame), *stream.encode()):
                trial.mux(packet)
    except (av.FFmpegError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ValueError(
            f"{output}: no film of {width} x {height} pixels can be written here ({reason}); "
            f"choose a smaller size, or another of the endings {', '.join(FILM_FORMATS)}."
        ) from None


def _write(
    paintings: Sequence[Painting],
    output: Path,
    source: Path,
    film: Film,
    routes: Mapping[int, Route],
) -> None:
    known = FILM_FORMATS[output.suffix.lower()]
    paintings = _kept(paintings, known.codec, film)
    target = Path(os.path.realpath(output))  # of a link, the file it points to is replaced
    part = target.with_name(f"{target.name}.part")
    with ExitStack() as stack:
        stack.callback(part.unlink, missing_ok=True)
        options = known.options | _last_shown(known, paintings[-1])
        with open_target(part, known.container, options) as container:
            with Image.open(paintings[0].file) as first:
                size = first.size
            stream = _video(container, known, size, film)
            sound = None
            if routes and isinstance(film, Video):
                opened = stack.enter_context(open_source(source))
                sound = Sound(opened, container, routes, film.origins)
            shown = dict[int, int]()  # how long, by when
            for frame, painting in _frames(paintings, stream, known.codec):
                shown[frame.pts] = frame.duration
                if sound:
                    sound.write_until(painting.begin)
                _mux(container, stream.encode(frame), shown)
            if sound:
                sound.write_until(paintings[-1].end)
                sound.close()
            _mux(container, stream.encode(), shown)
        if known.container == "webp":
            _set_last_duration(part, round(1000 * (paintings[-1].end - paintings[-1].begin)))
        replace_file(part, target)


def _mux(container: Any, packets: Sequence[Any], shown: Mapping[int, int]) -> None:
    for packet in packets:
        packet.duration = shown.get(packet.pts, packet.duration)  # encoders take a constant rate
        container.mux(packet)


def _kept(paintings: Sequence[Painting], codec: str, film: Film) -> list[Painting]:
    """Return the frames without those that come too soon for the format; others last longer."""
    base = Fraction(1, _TICKS[codec]) if codec in _TICKS else film.time_base
    kept: list[Painting] = []
    for painting in paintings:
        ticks = round(painting.begin / base) - (round(kept[-1].begin / base) if kept else 0)
        if not kept or ticks >= _LEAST_TICKS.get(codec, 1):
            kept.append(painting)
        else:
            kept[-1] = kept[-1]._replace(end=painting.end)
    return kept


def _last_shown(known: FilmFormat, last: Painting) -> dict[str, str]:
    """Return the option of a container that says how long the last frame is shown."""
    seconds = last.end - last.begin
    if known.container == "gif":
        return {"final_delay": str(max(_LEAST_TICKS["gif"], round(100 * seconds)))}
    return {"final_delay": f"{round(1000 * seconds)}/1000"} if known.container == "apng" else {}


def _set_last_duration(file: Path, milliseconds: int) -> None:
    """Say in an animated WebP how long the last frame is shown: its encoder takes the mean."""
    with file.open("r+b") as content:
        place, last = 12, 0  # the first chunk, and none
        while len(head := content.read(8) if content.seek(place) else b"") == 8:
            if head[:4] == b"ANMF":
                last = place
            length = int.from_bytes(head[4:], "little")
            place += 8 + length + length % 2
        content.seek(last + 8 + 12)  # after place and size, three bytes each
        content.write(milliseconds.to_bytes(3, "little"))


def _video(container: Any, known: FilmFormat, size: tuple[int, int], film: Film) -> Any:
    """Return a new stream of pictures of (width, height) in an open container."""
    if known.codec not in _TICKS:
        stream = add_video(container, known.codec, even(size), film.rate)
        stream.codec_context.time_base = film.time_base
        return stream
    options = _QUALITY.get(known.codec, {})
    stream = container.add_stream(known.codec, rate=film.rate, options=options)
    stream.width, stream.height = size
    stream.pix_fmt = {"gif": "pal8", "apng": "rgb24", "libwebp_anim": "bgra"}[known.codec]
    stream.codec_context.time_base = Fraction(1, _TICKS[known.codec])
    return stream


def _frames(
    paintings: Sequence[Painting], stream: Any, codec: str
) -> Iterator[tuple[Any, Painting]]:
    """Yield frames to encode."""
    base = stream.codec_context.time_base
    for painting in paintings:
        time = round(painting.begin / base)
        with Image.open(painting.file) as picture:
            frame = _frame(picture.convert("RGB"), stream, codec)
        frame.pts, frame.time_base = time, base
        frame.duration = max(1, round(painting.end / base) - time)
        yield frame, painting


def _frame(picture: Image.Image, stream: Any, codec: str) -> Any:
    import av
    import numpy as np

    if codec not in _TICKS:
        return video_frame(picture.crop((0, 0, stream.width, stream.height)))
    if codec != "gif":
        return av.VideoFrame.from_image(picture).reformat(format=stream.pix_fmt)
    indexed = picture.quantize(256)
    colours = np.array(indexed.getpalette("RGB"), np.uint8).reshape(-1, 3)
    palette = np.full((256, 4), 255, np.uint8)  # opacity, red, green, blue
    palette[: len(colours), 1:] = colours
    levels: Any = np.asarray(indexed), palette
    return av.VideoFrame.from_ndarray(levels, format="pal8")
