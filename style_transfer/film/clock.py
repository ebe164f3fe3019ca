"""The clock of a film's file, which is set anew where another file was put behind it."""

from fractions import Fraction
from typing import Any

# s; a clock that goes further was set anew, as FFmpeg takes it; ahead only in formats that allow
# this, since elsewhere a picture may be shown for long.
_BACK, _AHEAD = Fraction(1, 10), Fraction(10)


class Stretches:
    """The stretches of an open file with a clock of their own, in each stream counted from 0."""

    def __init__(self, container: Any) -> None:
        import av  # an extra

        self._may_leap = bool(av.format.Flags.ts_discont.value & container.format.flags)
        self._last: dict[int, tuple[int, Fraction]] = {}  # stretch and end of a packet, by stream

    def of(self, packet: Any) -> int:
        """Return the stretch of the next packet of a stream, in the order of the file."""
        stretch, end = self._last.get(packet.stream.index, (0, None))
        if packet.dts is None or not packet.size:  # one without data has no place in time
            return stretch
        time = packet.dts * packet.time_base
        if end is not None and (time < end - _BACK or (self._may_leap and time > end + _AHEAD)):
            stretch += 1
        self._last[packet.stream.index] = stretch, time + (packet.duration or 0) * packet.time_base
        return stretch


def survey(
    container: Any, stream: Any, first: Fraction, length: Fraction
) -> tuple[int, list[Fraction]]:
    """Return how many pictures a stream has, and the origin of each of its stretches, in s.

    That is what its clock would say at the begin of the film, so that it follows the one before.
    `first` is the origin of the first, `length` that of a picture whose packet does not tell it.
    """
    stretches, count, origins, end = Stretches(container), 0, [first], Fraction(0)
    for packet in container.demux(stream):
        stretch = stretches.of(packet)
        if not packet.size:
            continue
        count += 1
        begin = origins[-1] + end if packet.pts is None else packet.pts * packet.time_base
        if stretch == len(origins):
            origins.append(begin - end)
        shown = packet.duration * packet.time_base if packet.duration else length
        end = max(end, begin - origins[-1] + shown)
    return count, origins
