"""Video streams that browsers play, by PyAV, an extra."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from PIL import Image

_BT_709 = 1  # matrix, primaries and transfer of HD television, numbered in ITU-T H.273
_LIMITED = 1  # 16 is black and 235 white, in FFmpeg's numbers
VIDEO_OPTIONS = {  # of encoders, by name
    "libx264": {"crf": "18", "preset": "veryfast"},
    "libvpx-vp9": {"crf": "24", "b": "0", "cpu-used": "4", "row-mt": "1"},
}


def even(size: tuple[int, int]) -> tuple[int, int]:
    """Return a size without the odd pixels: yuv420p has one colour for 2 x 2."""
    return size[0] // 2 * 2, size[1] // 2 * 2


def add_video(container: Any, codec: str, size: tuple[int, int], rate: Fraction | int) -> Any:
    """Return a new video stream of an open container, for pictures of an even (width, height)."""
    options: Mapping[str, str] = VIDEO_OPTIONS[codec]
    stream = container.add_stream(codec, rate=rate, options=dict(options))
    stream.width, stream.height = size
    stream.pix_fmt = "yuv420p"
    # Said and done in BT.709, or players guess the colours from the height of the picture.
    stream.colorspace = stream.color_primaries = stream.color_trc = _BT_709
    stream.color_range = _LIMITED
    return stream


def video_frame(picture: Image.Image) -> Any:
    """Return an RGB picture as a frame for such a stream."""
    import av
    from av.video.reformatter import Colorspace

    frame = av.VideoFrame.from_image(picture)
    return frame.reformat(format="yuv420p", dst_colorspace=Colorspace.ITU709)
