"""The sound of a film, copied to another."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

_RATE = 48000  # samples a second of sound that is coded anew; each codec has it


class Sound:
    """The audio streams of a film on their way into another, as they are where it can hold them."""

    def __init__(self, source: Any, container: Any, codec: str, origin: Fraction) -> None:
        """Take an open film and the open container to write; `codec` is for what that cannot hold.

        `origin` is the time in the film, in s, at which the other one begins.
        """
        self._container, self._origin = container, origin
        self._copies: dict[int, _Copy] = {}
        for stream in source.streams.audio:
            self._copies[stream.index] = _Copy(stream, container, codec)
        streams = [*source.streams.audio]
        self._packets: Iterator[Any] = source.demux(streams) if streams else iter(())
        self._waiting: Any = None

    def write_until(self, time: Fraction) -> None:
        """Write what is heard before a time in s of the new film, and was not yet written."""
        while (packet := self._next()) is not None:
            if packet.pts * packet.time_base - self._origin >= time:
                self._waiting = packet
                return
            self._copies[packet.stream.index].write(packet, self._origin)

    def close(self) -> None:
        """Write what encoders still have."""
        for copy in self._copies.values():
            copy.close()

    def _next(self) -> Any:
        if self._waiting is not None:
            packet, self._waiting = self._waiting, None
            return packet
        return next((p for p in self._packets if p.pts is not None and p.size), None)


class _Copy:
    """One audio stream."""

    def __init__(self, stream: Any, container: Any, codec: str) -> None:
        self._container = container
        # Not the codec's own name, which is that of its decoder, such as mp3float.
        name = stream.codec_context.codec.canonical_name
        self._encodes = name not in container.supported_codecs
        if self._encodes:
            layout = stream.codec_context.layout.name
            self._stream = container.add_stream(codec, rate=_RATE, layout=layout)
        else:
            self._stream = container.add_stream_from_template(stream)

    def write(self, packet: Any, origin: Fraction) -> None:
        """Write a packet, so much earlier."""
        shift = round(origin / packet.time_base)
        if self._encodes:
            for frame in packet.decode():
                frame.pts -= shift
                self._container.mux(self._stream.encode(frame))
            return
        packet.pts -= shift
        packet.dts = packet.pts if packet.dts is None else packet.dts - shift
        packet.stream = self._stream
        self._container.mux(packet)

    def close(self) -> None:
        if self._encodes:
            self._container.mux(self._stream.encode())
