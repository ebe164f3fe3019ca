"""The log: the losses of each step."""

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

from style_transfer.cli.console import complain
from style_transfer.engine import Frame


class StepLog:
    """A line of JSON for each step; a file that cannot be written to ends no run."""

    def __init__(self, file: Path | None) -> None:
        self._path = file
        self._file: TextIO | None = None

    def begin(self) -> None:
        """Begin the file anew, if this is the first picture. Raises OSError where it cannot."""
        if self._path:
            self._file, self._path = self._path.open("w", buffering=1, encoding="utf-8"), None

    def close(self) -> None:
        """End the file."""
        if self._file:
            with suppress(OSError):
                self._file.close()

    def add(self, frame: Frame, seconds: float, which: Mapping[str, str | int]) -> None:
        """Write the losses of a step after so many seconds, and `which` picture it is of."""
        if self._file is None:
            return
        record = {**which, **_record(frame, seconds)}
        try:
            print(json.dumps(record), file=self._file)
        except OSError as error:
            complain(f"the log cannot be written any more ({error.strerror}); the run goes on")
            with suppress(OSError):
                self._file.close()
            self._file = None


def _record(frame: Frame, seconds: float) -> dict[str, Any]:
    height, width = frame.image.shape[-2:]
    names = ("content", "style", "temporal", "total")
    losses = {f"{name}_loss": frame.losses[name] for name in names if name in frame.losses}
    return {"step": frame.step, "seconds": seconds, "height": height, "width": width} | losses
