"""The checkpoint of a picture, in a file beside it while it is painted."""

import os
import time
import zlib
from contextlib import suppress
from pathlib import Path

from torch import Tensor

from style_transfer.engine import Frame, State, Styles
from style_transfer.settings import Settings

INTERVAL = 30.0  # s from one to the next, at least
_LONGEST = 230  # bytes of a name of 255, with room for the endings of a checkpoint being written
_MOST_SHARE = 0.05  # of the time that goes into writing


class Checkpoints:
    """Writes states beside an output, and finds the one of an interrupted run of the same picture.

    Its name has a checksum of all that makes the picture but how many steps it takes. Those of
    other pictures for the same output stay until there is one of this, since hours may be in them
    and a mistyped setting asks for another picture. Where the disk is full, nothing is written and
    the run goes on.
    """

    def __init__(
        self, output: Path, content: Tensor, styles: Styles, settings: Settings, how: str
    ) -> None:
        """Take what makes the picture; `how` names what else does, such as its seed."""
        code = zlib.crc32(f"{styles.fingerprint} {settings.objective} {how}".encode())
        code = zlib.crc32(content.cpu().contiguous().numpy().data, code)
        self._output = output
        self._file = output.with_name(f"{_beginning(output)}.{code:08x}.checkpoint")
        self._next = time.monotonic() + INTERVAL

    def load(self) -> State | None:
        """Return the state of an interrupted run of this picture, None where there is none."""
        try:
            return State.load(self._file) if self._file.exists() else None
        except ValueError:  # of another version
            return None

    def offer(self, frame: Frame) -> None:
        """Write the state of a frame if it is time."""
        if time.monotonic() >= self._next:
            self.write(frame)

    def write(self, frame: Frame) -> None:
        """Write the state of a frame."""
        began = time.monotonic()
        with suppress(OSError):
            frame.state.save(self._file)
            self._remove(keep=self._file)
        taken = time.monotonic() - began
        self._next = time.monotonic() + max(INTERVAL, taken / _MOST_SHARE)

    def remove(self) -> None:
        """Remove all checkpoints of an output that is finished."""
        with suppress(OSError):
            self._remove()

    def _remove(self, keep: Path | None = None) -> None:
        for file in checkpoints_of(self._output):
            if file != keep:
                file.unlink(missing_ok=True)


def checkpoints_of(output: Path) -> list[Path]:
    """Return the checkpoints beside an output."""
    return [*output.parent.glob(f"{_escaped(_beginning(output))}.*.checkpoint")]


def _beginning(output: Path) -> str:
    """Return what the names of its checkpoints begin with: its own name, shortened if need be."""
    name = os.fsencode(output.name)
    if len(name) <= _LONGEST:
        return output.name
    return f"{name[: _LONGEST - 9].decode(errors='ignore')}.{zlib.crc32(name):08x}"


def _escaped(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "[]*?" else letter for letter in name)
