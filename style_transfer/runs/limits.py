"""Limits on what one visitor, and all of them together, may use of this machine."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from style_transfer.images import MAX_PIXELS
from style_transfer.settings import MAX_STEPS

PREFIX = "STYLE_TRANSFER_"
MEGABYTE = 1_000_000  # bytes
OWN_MACHINE = ""  # the visitor who uses this machine, for whom no limit of each visitor holds


def _limit(default: int, low: int, high: int) -> Any:
    return field(default=default, metadata={"range": (low, high)})


@dataclass(frozen=True)
class Limits:
    """Each is a whole number, set by the environment variable PREFIX + its name in capitals."""

    runs: int = _limit(8, 1, 64)  # that share the device
    waiting: int = _limit(24, 0, 200)  # runs in the admission queue
    pixels: int = _limit(4_194_304, 4_096, 100_000_000)  # of a picture of a visitor
    steps: int = _limit(5_000, 1, MAX_STEPS)  # of a run
    seconds: int = _limit(3_600, 1, 604_800)  # that a visitor's run may take, without pauses
    paused: int = _limit(600, 1, 86_400)  # seconds that a run may be paused at a stretch
    visitor_runs: int = _limit(4, 1, 264)  # of one visitor, that run or wait
    visitor_pages: int = _limit(20, 1, 1_000)  # that one visitor has open
    visitor_connections: int = _limit(200, 10, 10_000)  # requests of one visitor at a time
    visitor_uploads: int = _limit(300, 1, 100_000)  # MB of uploads of one visitor that are kept
    uploads: int = _limit(4_000, 1, 1_000_000)  # MB of uploads of all visitors that are kept
    visitor_previews: int = _limit(1_000, 1, 100_000)  # MB of previews of one visitor
    previews: int = _limit(8_000, 1, 1_000_000)  # MB of previews of all visitors
    upload: int = _limit(30, 1, 1_000)  # MB of an uploaded file
    kept: int = _limit(86_400, 0, 31_536_000)  # seconds for which a run cut off can be continued
    left: int = _limit(7_200, 0, 31_536_000)  # the same for a run whose visitor left the page
    resting: int = _limit(2_000, 0, 1_000_000)  # MB in memory of all pictures at rest
    visitor_resting: int = _limit(500, 0, 1_000_000)  # the same of one visitor
    visitor_disk: int = _limit(1_000, 0, 1_000_000)  # MB that checkpoints of one browser may take
    disk: int = _limit(4_000, 0, 1_000_000)  # MB that all checkpoints together may take; 0: none

    def __post_init__(self) -> None:
        for each in fields(self):
            low, high = each.metadata["range"]
            if not low <= getattr(self, each.name) <= high:
                raise ValueError(
                    f"{PREFIX}{each.name.upper()} must be from {low:,} to {high:,}, "
                    f"not {getattr(self, each.name):,}."
                )

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> "Limits":
        """Return the limits that `environment` sets.

        Raises ValueError, one sentence, for a value out of range or not a whole number.
        """
        values = {}
        for each in fields(cls):
            text = environment.get(PREFIX + each.name.upper(), "").strip()
            if not text:
                continue
            try:
                values[each.name] = int(text)
            except ValueError:
                raise ValueError(
                    f"{PREFIX}{each.name.upper()} must be a whole number, not {text!r}."
                ) from None
        return cls(**values)

    def check_steps(self, steps: int) -> None:
        """Raise ValueError, one sentence, where a run would be too long."""
        if steps > self.steps:
            raise ValueError(f"A run may have at most {self.steps:,} steps here, not {steps:,}.")

    def pixels_of(self, visitor: str) -> int:
        """Return how many pixels a picture of a visitor may have."""
        return MAX_PIXELS if visitor == OWN_MACHINE else self.pixels

    def seconds_of(self, visitor: str) -> float:
        """Return how many seconds a run of a visitor may take."""
        return math.inf if visitor == OWN_MACHINE else self.seconds

    def check_size(self, height: int, width: int, visitor: str) -> None:
        """Raise ValueError, one sentence, where a picture of a visitor would be too large."""
        if height * width > self.pixels_of(visitor):
            raise ValueError(
                f"A picture may have at most {self.pixels_of(visitor):,} pixels here, "
                f"not {width} x {height}; choose a smaller size."
            )
