"""Sizes as people give them: in pixels, centimetres or inches."""

import argparse
import re
from dataclasses import dataclass

from style_transfer.images import MIN_SIDE

_INCHES = {"cm": 1 / 2.54, "mm": 1 / 25.4, "in": 1.0}


@dataclass(frozen=True)
class Length:
    """A side in inches."""

    inches: float

    def pixels(self, dpi: float) -> int:
        """Return it in pixels."""
        return round(self.inches * dpi)


def side(text: str) -> int | Length:
    """Return a side in px, or a length. Raises ArgumentTypeError."""
    if found := re.fullmatch(r"([0-9]{1,9}|[0-9]{0,9}\.[0-9]+)\s*(cm|mm|in)", text.lower()):
        return Length(float(found[1]) * _INCHES[found[2]])
    try:
        size = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither a whole number of pixels nor a length such as 30cm, 297mm, 11.7in"
        ) from None
    if size < MIN_SIDE:
        raise argparse.ArgumentTypeError(
            f"{size} is too small; at least {MIN_SIDE} pixels are needed"
        )
    return size
