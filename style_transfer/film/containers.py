"""Files of films, opened by PyAV, and what is said where they cannot be read."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image

# Paths are absolute: FFmpeg takes what is before the colon in "12:30.mp4" for a protocol.


def open_source(file: Path) -> Any:
    """Return the open container of a film to read. Raises what PyAV does."""
    import av  # an extra

    # Old films have titles in any encoding, which nothing here needs.
    return av.open(os.path.abspath(file), metadata_errors="replace")


def open_target(file: Path, container: str, options: Mapping[str, str]) -> Any:
    """Return a new container, by FFmpeg's name, to write. Raises what PyAV does."""
    import av

    return av.open(os.path.abspath(file), "w", format=container, options=dict(options))


@contextmanager
def told(file: Path) -> Iterator[None]:
    """Raise ValueError, one sentence, for what libraries raise."""
    try:
        yield
    except (OSError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ValueError(f"{file.name}: this film cannot be read ({reason}).") from error
    except Exception as error:  # of PyAV there are many kinds
        if reason := getattr(error, "strerror", None):
            raise ValueError(f"{file.name}: this film cannot be read ({reason}).") from error
        raise
