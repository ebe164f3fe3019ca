"""What the parts share: their pictures, their rows, and how a device is timed."""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from typing import Any

from torch import Tensor

from benchmarks.settings_cost import PHOTO, STYLE
from style_transfer.devices import synchronize
from style_transfer.images import open_image, to_tensor

WARM_UP = 44  # steps: all coarse ones, and until L-BFGS has all of its history


def tell(row: dict[str, Any]) -> None:
    """Print a row of what was found, for the process that collects them."""
    print(json.dumps(row), flush=True)


def pictures(options: argparse.Namespace, side: int, device: str | None = None) -> list[Tensor]:
    """Return photo and painting, (1, 3, side, side), by default on the device in question."""
    squares = [open_image(file).resize((side, side)) for file in (PHOTO, STYLE)]
    return [to_tensor(each).to(device or options.device) for each in squares]


def median_milliseconds(step: Callable[[], object], options: argparse.Namespace) -> float:
    """Return the time of a step without the first five, which prepare."""
    times = []
    for number in range(options.rounds + 5):
        began = time.perf_counter()
        step()
        synchronize(options.device)
        if number >= 5:
            times.append(1000 * (time.perf_counter() - began))
    return statistics.median(times)
