"""Small films of known content."""

from fractions import Fraction

import numpy as np
from PIL import Image

SIZE = (64, 80)  # height, width


def pictures(count, size=SIZE, step=2):
    """A patterned square that moves over waves, as Pillow images."""
    height, width = size
    down, across = np.mgrid[:height, :width]
    ground = 110 + 40 * np.sin(down / 3.1 + 2 * np.sin(across / 7.3))
    made = []
    for number in range(count):
        levels = np.stack([0.6 * ground, ground, 0.5 * ground], -1)
        left = 4 + step * number
        part = levels[height // 3 : 2 * height // 3, left : left + height // 3]
        rows, columns = np.mgrid[: part.shape[0], : part.shape[1]]
        pattern = 30 * np.sin(rows / 2.0) * np.sin(columns / 2.7)
        part[...] = np.array([210, 90, 40]) + pattern[..., None]
        made.append(Image.fromarray(levels.clip(0, 255).round().astype(np.uint8)))
    return made


def write_video(
    file,
    images,
    times,
    *,
    rate=25,
    base=1000,
    rotation=None,
    sound=None,
    layout="mono",
    aspect=None,
    codec="libx264",
    title="",
):
    """Write images at times in ms, and a tone by a codec, whose length is that of the film."""
    import av

    with av.open(str(file), "w") as container:
        container.metadata["title"] = title
        stream = container.add_stream(codec, rate=rate, options={"crf": "10"})
        stream.width, stream.height = images[0].size
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.codec_context.time_base = Fraction(1, base)
        if aspect:
            stream.codec_context.sample_aspect_ratio = aspect
        if rotation is not None:
            stream.set_display_rotation(rotation)
        tone = container.add_stream(sound, rate=48000, layout=layout) if sound else None
        for image, time in zip(images, times, strict=False):
            frame = av.VideoFrame.from_image(image)
            frame.pts, frame.time_base = time, stream.codec_context.time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
        if tone:
            _write_tone(container, tone, times[-1] / 1000 + 1 / rate)


def write_joined(file, *parts, **how):
    """Write images and times, in ms, as films of their own, each behind the one before it."""
    written = []
    for images, times in parts:
        write_video(file, images, times, **how)
        written.append(file.read_bytes())
    file.write_bytes(b"".join(written))


def damage_frame(file, images, number, codec="libx264"):
    """Write images, one in 40 ms, of which one cannot be decoded."""
    import av

    write_video(file, images, range(len(images)), base=25, codec=codec)
    content = file.read_bytes()
    with av.open(str(file)) as container:
        packets = [bytes(packet) for packet in container.demux(video=0) if packet.size]
    damaged = b"\xff" * len(packets[number])
    file.write_bytes(content.replace(packets[number], damaged))


def _write_tone(container, stream, seconds):
    import av

    samples = np.sin(2 * np.pi * 440 * np.arange(round(48000 * seconds)) / 48000)
    size = 960
    for number, begin in enumerate(range(0, len(samples) - size + 1, size)):
        part = samples[None, begin : begin + size].astype(np.float32)
        part = part.repeat(stream.layout.nb_channels, 0)
        frame = av.AudioFrame.from_ndarray(part, format="fltp", layout=stream.layout.name)
        frame.sample_rate, frame.pts = 48000, number * size
        container.mux(stream.encode(frame))
    container.mux(stream.encode())


def read_video(file):
    """Times in s and arrays (H, W, 3) of a film's frames."""
    import av

    with av.open(str(file)) as container:
        stream = container.streams.video[0]
        return [(float(f.pts * f.time_base), f.to_ndarray(format="rgb24")) for f in
                container.decode(stream)]  # fmt: skip


def packets(file):
    """The bytes of all packets of sound in a file; none of one without sound."""
    import av

    with av.open(str(file)) as container:
        streams = container.streams.audio
        return [bytes(each) for each in container.demux(streams) if each.size] if streams else []
