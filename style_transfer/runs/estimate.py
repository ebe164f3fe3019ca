"""Forecast: what a run will take of this machine, told before it begins."""

from collections.abc import Collection
from dataclasses import dataclass

from style_transfer.network.vgg import VGG
from style_transfer.runs.cost_model import expected
from style_transfer.runs.memory import Size, check, gigabytes, needed
from style_transfer.settings import Settings


@dataclass(frozen=True)
class Forecast:
    """Time and memory of a run that has not begun."""

    seconds: float
    memory: int  # bytes at most, beside the program itself

    @classmethod
    def of(
        cls, network: VGG, size: Size, paintings: Collection[Size], settings: Settings
    ) -> "Forecast":
        """Return what a run will take where `network` is.

        `size` (height, width) is that of the picture, `paintings` are those of the style pictures.
        Raises ValueError, one sentence, where it does not fit into the memory there is.
        """
        check(size, paintings, settings.style_scale, network.device.type)
        memory = needed(size, paintings, settings.style_scale)
        seconds = expected(network, size, settings.steps, paintings, settings.style_scale)
        return cls(seconds, memory)

    def __str__(self) -> str:
        """Return it in words, such as "about 7 min and 2.4 GB of memory"."""
        return f"about {duration(self.seconds)} and {gigabytes(self.memory)} of memory"


def duration(seconds: float) -> str:
    """Return a time in words.

    >>> duration(71.3), duration(432)
    ('71 s', '7 min')
    """
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
