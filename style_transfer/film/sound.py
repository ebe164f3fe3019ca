"""The sound of a film, in another: copied, or coded anew where that cannot hold it."""

import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from style_transfer.film.clock import Stretches
from style_transfer.film.containers import open_source

_RATE = 48000  # samples a second of sound that is coded anew; each codec has it
_TRIED = 8  # packets; the first ones of a track may have no samples


class Track(Protocol):
    """An audio stream on its way into another film."""

    def write(self, packet: Any, origin: Fraction) -> None:
        """Write a packet, so much earlier."""

    def close(self) -> None:
        """Write what an encoder still has."""


Route = Callable[[Any, Any], Track]  # from a stream, and the open container to write


def routes_of(source: Path, container: str, codec: str) -> dict[int, Route | None]:
    """Return how the audio streams of a film get into a container, by their index in the file.

    None where it can hold a stream neither as it is nor coded anew by `codec`; streams without
    packets are left out. Raises OSError or ValueError where the film cannot be read.
    """
    with open_source(source) as film:
        streams = [*film.streams.audio]
        tried: dict[int, list[Any]] = {stream.index: [] for stream in streams}
        for packet in film.demux(streams) if streams else ():
            packets = tried[packet.stream.index]
            if packet.pts is not None and packet.size and len(packets) < _TRIED:
                packets.append(packet)
            if all(len(packets) == _TRIED for packets in tried.values()):
                break
        return {
            stream.index: _route(stream, tried[stream.index], container, codec)
            for stream in streams
            if tried[stream.index]
        }


class Sound:
    """The audio streams of a film on their way into another."""

    def __init__(
        self,
        source: Any,
        container: Any,
        routes: Mapping[int, Route],
        origins: Sequence[Fraction],
    ) -> None:
        """Take an open film, the open container to write, and the routes of streams by index.

        `origins` are the times in each stretch of the film, in s, at which the other one begins.
        """
        self._origins, self._stretches = origins, Stretches(source)
        streams = [stream for stream in source.streams.audio if stream.index in routes]
        self._tracks = {each.index: routes[each.index](each, container) for each in streams}
        self._packets = self._told(source.demux(streams) if streams else ())
        self._waiting: tuple[Any, Fraction] | None = None

    def write_until(self, time: Fraction) -> None:
        """Write what is heard before a time in s of the new film, and was not yet written."""
        while told := self._waiting or next(self._packets, None):
            self._waiting, (packet, origin) = None, told
            if packet.pts * packet.time_base - origin >= time:
                self._waiting = told
                return
            self._tracks[packet.stream.index].write(packet, origin)

    def close(self) -> None:
        """Write what encoders still have."""
        for track in self._tracks.values():
            track.close()

    def _told(self, packets: Iterable[Any]) -> Iterator[tuple[Any, Fraction]]:
        """Yield packets that have sound with their origins, where stretches overlap only once."""
        latest = dict[tuple[int, int], Fraction]()  # packet's begin, by stream and stretch
        for packet in packets:
            if packet.pts is None or not packet.size:
                continue
            index, stretch = packet.stream.index, self._stretches.of(packet)
            origin = self._origins[min(stretch, len(self._origins) - 1)]
            begin = packet.pts * packet.time_base - origin
            before = latest.get((index, stretch - 1), begin - 1)
            latest[index, stretch] = max(begin, before)
            if begin > before:
                yield packet, origin


class _Copied:
    """A track as it is."""

    def __init__(self, stream: Any, container: Any) -> None:
        self._container = container
        self._stream = container.add_stream_from_template(stream)

    def write(self, packet: Any, origin: Fraction) -> None:
        shift = round(origin / packet.time_base)
        packet.pts -= shift
        packet.dts = packet.pts if packet.dts is None else packet.dts - shift
        packet.stream = self._stream
        self._container.mux(packet)

    def close(self) -> None:
        pass


class _Recoded:
    """A track that is coded anew."""

    def __init__(self, stream: Any, container: Any, codec: str, layout: str) -> None:
        self._source, self._container = stream, container
        self._stream = container.add_stream(codec, rate=_RATE, layout=layout)

    def write(self, packet: Any, origin: Fraction) -> None:
        import av

        shift = round(origin / packet.time_base)
        with suppress(av.error.InvalidDataError):  # as players go on after a damaged packet
            for frame in self._source.codec_context.decode(packet):
                frame.pts -= shift
                self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        self._container.mux(self._stream.encode())


def _route(stream: Any, packets: Sequence[Any], container: str, codec: str) -> Route | None:
    """Return the first route by which a trial works.

    What FFmpeg lists as codecs of a container is more than it takes, and says nothing of layouts.
    """
    for route in _routes(stream, codec):
        if _works(route, stream, packets, container):
            return route
    return None


def _routes(stream: Any, codec: str) -> Iterator[Route]:
    if stream.codec_context is None:  # nobody here can decode it
        return
    yield _Copied
    layout = stream.codec_context.layout
    # libopus has 5.1 and not 5.1(side); "2 channels" of an AVI are no layout of any encoder.
    fewer = "mono" if layout.nb_channels == 1 else "stereo"
    for name in dict.fromkeys((layout.name, layout.name.partition("(")[0], fewer)):
        yield partial(_Recoded, codec=codec, layout=name)


def _works(route: Route, stream: Any, packets: Sequence[Any], container: str) -> bool:
    """Return whether a file in memory can be written by that route."""
    import av  # an extra

    try:
        with av.open(io.BytesIO(), "w", format=container) as trial:
            track = route(stream, trial)
            for packet in packets:
                track.write(packet, Fraction(0))
            track.close()
    except (av.FFmpegError, ValueError):
        return False
    return True
