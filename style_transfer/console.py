"""The console: standard streams that may be closed, full or of few letters, and end no run."""

import os
import sys
from contextlib import suppress
from typing import Any


class Console:
    """A text stream to which writing never fails; letters that it lacks are written escaped."""

    def __init__(self, stream: Any) -> None:
        """Take a standard stream, None where the parent process has closed it."""
        self._stream = stream
        with suppress(AttributeError, OSError, ValueError):  # of other kinds of streams
            stream.reconfigure(errors="backslashreplace")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write what can be written."""
        if self._stream is not None:
            with suppress(OSError, ValueError):
                self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush where that can be done."""
        if self._stream is not None:
            with suppress(OSError, ValueError):
                self._stream.flush()

    def isatty(self) -> bool:
        """Return whether somebody looks at it."""
        return self._stream is not None and bool(self._stream.isatty())


def secure_console() -> None:
    """Let nothing fail that this process writes to its standard streams from now on."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:  # closed: the next file to be opened would be given its number, and output
            os.open(os.devnull, os.O_RDWR)
    sys.stdout, sys.stderr = Console(sys.stdout), Console(sys.stderr)
