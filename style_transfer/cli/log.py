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

    def __init__(self, path: Path | None) -> None:
        """Open the file; what stands in it stays for now. Raises ValueError where that fails."""
        self._file: TextIO | None = None
        self._begun, self._path = False, path
        if path:
            self._is_new = not path.exists()
            try:
                self._file = path.open("a", buffering=1, encoding="utf-8")
            except OSError as error:
                raise ValueError(
                    f"{path}: the log cannot be written here ({error.strerror})."
                ) from None

    def begin(self) -> None:
        """Begin the file anew, if this is the first picture."""
        if self._file and not self._begun:
            with suppress(OSError):  # of a pipe
                self._file.truncate(0)
        self._begun = True

    def close(self) -> None:
        """End the file, and remove it where it was made for no picture."""
        with suppress(OSError):
            if self._file:
                self._file.close()
                if self._path and self._is_new and not self._begun:
                    self._path.unlink()

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
