"""Time-lapse: the frames of a run as a film that browsers play."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from PIL import Image, ImageOps

from style_transfer.images.video import add_video, even, video_frame
from style_transfer.picture_files import fit, open_image
from style_transfer.replacing import replace_file

Files = Sequence[str | os.PathLike[str]]

FRAME_RATE = 24  # pictures per second of an MP4
SHORTEST, LONGEST = 0.1, 600.0  # s; the shortest still has two pictures
WEBP_FRAME_RATE = 12  # at most; WebP is slower to encode than H.264, and larger
WEBP_SIDE = 512  # px, the longer side; all frames are in memory at once, up to 0.8 MB each


@dataclass(frozen=True)
class TimelapseFormat:
    """A format of time-lapses."""

    label: str  # on the page
    save: Callable[..., None]  # as `save_mp4`


def save_mp4(
    frames: Files, file: str | os.PathLike[str], seconds: float, hold: float = 1.5
) -> None:
    """Write the pictures in `frames` as H.264 at FRAME_RATE, all as large as the last of them.

    The film lasts `seconds` + `hold`, within one picture; frames are repeated or left out evenly,
    the first and the last are always shown, the last also for the `hold`. An odd side loses one
    pixel, and pictures of other proportions get black bars. Only one frame is in memory at a time.
    The file is written whole or not at all.

    Raises ValueError, one sentence, for fewer than 2 frames, one that cannot be read, or times
    out of range.
    """
    size = even(_size(_checked(frames, seconds, hold)))
    order = _order(len(frames), round(seconds * FRAME_RATE))
    order += order[-1:] * round(hold * FRAME_RATE)
    part = Path(f"{os.fspath(file)}.part")
    try:
        _encode(_pictures(frames, order, size), size, part)
        replace_file(part, file)
    finally:
        part.unlink(missing_ok=True)


def save_animated_webp(
    frames: Files,
    file: str | os.PathLike[str],
    seconds: float,
    hold: float = 1.5,
    *,
    quality: int = 85,
) -> None:
    """Write the pictures in `frames` as a WebP that repeats for ever, at most WEBP_SIDE px long.

    It lasts `seconds` + `hold`, to the millisecond; at most WEBP_FRAME_RATE frames a second are
    kept, evenly, the first and the last among them. `quality` is that of Pillow, up to 100. Raises
    ValueError like `save_mp4`.
    """
    size = fit(_size(_checked(frames, seconds, hold)), WEBP_SIDE)
    count = max(2, min(len(frames), int(seconds * WEBP_FRAME_RATE)))
    first, *others = _pictures(frames, _order(len(frames), count), size)
    times = [round(1000 * seconds * number / count) for number in range(count + 1)]  # ms
    times[-1] += round(1000 * hold)
    first.save(
        file,
        format="WEBP",
        save_all=True,
        append_images=others,
        duration=[end - begin for begin, end in pairwise(times)],
        loop=0,
        quality=quality,
    )


def _checked(frames: Files, seconds: float, hold: float) -> Files:
    if len(frames) < 2:
        raise ValueError(f"A time-lapse needs at least 2 frames, not {len(frames)}.")
    if not SHORTEST <= seconds <= LONGEST:
        raise ValueError(f"A time-lapse lasts {SHORTEST} to {LONGEST:g} seconds, not {seconds}.")
    if not 0 <= hold <= LONGEST:
        raise ValueError(f"The last frame is held for 0 to {LONGEST:g} seconds, not {hold}.")
    return frames


def _size(frames: Files) -> tuple[int, int]:
    with open_image(frames[-1]) as last:
        return last.size


def _order(count: int, shown: int) -> list[int]:
    """Return which of `count` frames each of `shown` pictures is; the last is always the last."""
    return [number * count // shown for number in range(shown - 1)] + [count - 1]


def _pictures(frames: Files, order: list[int], size: tuple[int, int]) -> Iterator[Image.Image]:
    """Yield the frames in `order` as RGB at `size`; a repeated one is the same object again."""
    loaded = -1
    for index in order:
        if index != loaded:
            loaded, picture = index, _fitted(open_image(frames[index]), size)
        yield picture


def _fitted(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    width, height = size
    if 0 <= image.width - width <= 1 and 0 <= image.height - height <= 1:
        return image.crop((0, 0, width, height))  # sharper than to resize by a pixel
    if abs(image.width * height - image.height * width) <= max(image.size) + max(size):
        return image.resize(size, Image.Resampling.LANCZOS)  # but for rounding of these proportions
    return ImageOps.pad(image, size, Image.Resampling.LANCZOS)


def _encode(pictures: Iterator[Image.Image], size: tuple[int, int], file: Path) -> None:
    import av  # an extra; the command line and the library do without

    begin = {"movflags": "+faststart"}  # the index comes first, so that a browser plays at once
    with av.open(str(file), "w", format="mp4", options=begin) as container:
        stream = add_video(container, "libx264", size, FRAME_RATE)
        last = None
        for number, picture in enumerate(pictures):
            if picture is not last:
                last, frame = picture, video_frame(picture)
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


TIMELAPSE_FORMATS = {  # by the ending of the file's name
    ".mp4": TimelapseFormat("Time-lapse, MP4", save_mp4),
    "-film.webp": TimelapseFormat("Time-lapse, animated WebP", save_animated_webp),
}
