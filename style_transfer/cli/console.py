"""What the command line says beside its pictures."""

import sys

from tqdm import tqdm


def complain(words: object) -> None:
    """Write one line to stderr, above the progress bars."""
    tqdm.write(f"style_transfer: {' '.join(str(words).split())}", file=sys.stderr)
