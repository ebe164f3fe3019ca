"""The clock of a film's file, by packets alone."""

from fractions import Fraction
from types import SimpleNamespace

import pytest

pytest.importorskip("av")

from style_transfer.film.clock import Stretches, survey

STREAM = SimpleNamespace(index=0)


class Container:
    """An open file of packets, each with a time and a size, 40 ticks of 1 ms long."""

    def __init__(self, *packets):
        self.format = SimpleNamespace(flags=0)
        self._packets = [
            SimpleNamespace(
                stream=STREAM,
                dts=time,
                pts=time,
                size=size,
                duration=40,
                time_base=Fraction(1, 1000),
            )
            for time, size in packets
        ]

    def demux(self, stream):
        return self._packets


def stretches_of(container):
    stretches = Stretches(container)
    return [stretches.of(packet) for packet in container.demux(STREAM)]


def test_a_clock_that_goes_back_is_set_anew():
    container = Container((0, 9), (1000, 9), (0, 9), (40, 9))
    assert stretches_of(container) == [0, 0, 1, 1]
    count, origins = survey(container, STREAM, Fraction(0), Fraction(1, 25))
    assert (count, origins) == (4, [0, -Fraction(1040, 1000)])


@pytest.mark.parametrize("later", [(), ((500, 9),), ((0, 9),)], ids=repr)
def test_packets_without_data_begin_no_stretch(later):
    container = Container((0, 9), (1000, 9), (200, 0), (0, 0), *later)
    _, origins = survey(container, STREAM, Fraction(0), Fraction(1, 25))
    assert max(stretches_of(container)) == len(origins) - 1
