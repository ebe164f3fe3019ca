"""The estimate of a run's time and memory, made before it starts."""

from collections.abc import Collection
from dataclasses import dataclass

from style_transfer.runs.cost_model import CostModel
from style_transfer.runs.memory import RunMemory, Size, gigabytes
from style_transfer.settings import Settings


@dataclass(frozen=True)
class Estimate:
    """Time and memory of a run that has not started."""

    seconds: float
    memory: int  # bytes at most, beside the program itself
    quota: int | None = None  # seconds of the visitor's quota that are asked for; None without one

    @classmethod
    def of(
        cls,
        cost_model: CostModel,
        size: Size,
        style_sizes: Collection[Size],
        settings: Settings,
        block: int | None = None,
    ) -> "Estimate":
        """Return what a run will take. Sizes (height, width) of the picture and the styles.

        `block` is the side of the blocks in which steps are made, see `RunMemory`.
        """
        scale, cost_model = settings.style_scale, cost_model.of_run(settings, block)
        seconds = cost_model.run_seconds(size, settings.steps, style_sizes, scale)
        return cls(seconds, RunMemory.of(size, style_sizes, scale, block).total)

    def __str__(self) -> str:
        """Return it in words, such as "about 7 min and 2.4 GB of memory"."""
        if self.quota is not None:
            return f"about {duration(self.seconds)}; asks for {self.quota} s of your day's GPU time"
        return f"about {duration(self.seconds)} and {gigabytes(self.memory)} of memory"


def duration(seconds: float) -> str:
    """Return a time in words.

    >>> duration(71.3), duration(432), duration(9000)
    ('71 s', '7 min', '2.5 hours')
    """
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} hours"
