"""Limits: what one visitor, and all of them together, may ask of this machine."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any

from style_transfer.settings import MAX_STEPS

PREFIX = "STYLE_TRANSFER_"


def _limit(default: int, low: int, high: int) -> Any:
    return field(default=default, metadata={"range": (low, high)})


@dataclass(frozen=True)
class Limits:
    """Each is a whole number, set by the environment variable of its name after PREFIX."""

    runs: int = _limit(8, 1, 64)  # that take turns on the device
    waiting: int = _limit(24, 0, 200)  # in line for it
    pixels: int = _limit(4_194_304, 4_096, 100_000_000)  # of the picture that is painted
    steps: int = _limit(5_000, 1, MAX_STEPS)  # of a run
    seconds: int = _limit(3_600, 1, 604_800)  # that a run may take, pauses apart
    paused: int = _limit(600, 1, 86_400)  # seconds that a run may rest
    upload: int = _limit(30, 1, 1_000)  # MB of a file
    kept: int = _limit(86_400, 0, 31_536_000)  # seconds a run cut off can be continued
    left: int = _limit(600, 0, 31_536_000)  # seconds that of a visitor who left can
    disk: int = _limit(4_000, 0, 1_000_000)  # MB that all states together may take

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
        """Return the limits that `environment` sets; ValueError, one sentence, for a bad one."""
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

    def check_size(self, height: int, width: int) -> None:
        """Raise ValueError, one sentence, where a picture would be too large."""
        if height * width > self.pixels:
            raise ValueError(
                f"A picture may have at most {self.pixels:,} pixels here, "
                f"not {width} x {height}; choose a smaller size."
            )


@cache
def limits() -> Limits:
    """Return the limits of this process; a mistake in one ends it with a sentence."""
    try:
        return Limits.read(os.environ)
    except ValueError as error:
        sys.exit(str(error))
