"""Files that the command line writes: the picture, which is never lost, and the log."""

import json
import os
import secrets
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TextIO

from torch import Tensor

from style_transfer.engine import Frame
from style_transfer.images import save


def save_somewhere(image: Tensor, output: Path) -> Path | None:
    """Write (1, 3, H, W) RGB in [0, 1] as `output`; return where it is, None if nowhere.

    Where that fails it becomes a PNG of another name in the same folder or, if need be, in the
    current one, the home or the temporary folder, and a sentence on stderr says so.
    """
    try:
        save(image, output)
        return output
    except Exception as error:  # whatever it is: hours may have gone into the picture
        reason = getattr(error, "strerror", None) or error
        stem = os.fsencode(output.stem)[:100].decode(errors="ignore")  # a name has up to 255 bytes
        for folder in _folders(output):
            elsewhere = folder / f"{stem}-{secrets.token_hex(3)}.png"
            with suppress(OSError, ValueError):
                save(image, elsewhere)
                complain(f"{output} cannot be written ({reason}); the picture is in {elsewhere}")
                return elsewhere
        complain(f"{output} cannot be written ({reason}), nor can a file in any other folder")
        return None


def _folders(output: Path) -> Iterator[Path]:
    yield output.absolute().parent
    places: tuple[Callable[[], Path], ...] = (
        Path.cwd,
        Path.home,
        lambda: Path(tempfile.gettempdir()),
    )
    for place in places:
        with suppress(OSError, RuntimeError):  # removed, or unknown
            yield place()


def complain(words: object) -> None:
    """Write one line to stderr."""
    print(f"style_transfer: {' '.join(str(words).split())}", file=sys.stderr)


def check_apart(what: str, target: Path, files: Collection[Path]) -> None:
    """Raise ValueError, one sentence, where `target` would overwrite one of the other `files`.

    `what` says in the sentence what is to be written there.
    """
    for file in files:
        same_path = os.path.realpath(target) == os.path.realpath(file)
        if same_path or (target.exists() and file.exists() and target.samefile(file)):
            raise ValueError(f"{target}: the {what} would overwrite {file}; give it another name.")


class StepLog:
    """A line of JSON for each step; a file that cannot be written to ends no run."""

    def __init__(self, file: Path | None) -> None:
        """Begin the file anew. Raises OSError where it cannot be opened."""
        self._file: TextIO | None = None
        if file:
            self._file = file.open("w", buffering=1, encoding="utf-8")

    def __enter__(self) -> "StepLog":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._file:
            with suppress(OSError):
                self._file.close()

    def add(self, frame: Frame, seconds: float) -> None:
        """Write the losses of a step that was made after so many seconds."""
        if self._file is None:
            return
        try:
            print(json.dumps(_record(frame, seconds)), file=self._file)
        except OSError as error:
            complain(f"the log cannot be written any more ({error.strerror}); the run goes on")
            with suppress(OSError):
                self._file.close()
            self._file = None


def _record(frame: Frame, seconds: float) -> dict[str, float]:
    height, width = frame.image.shape[-2:]
    losses = {f"{name}_loss": frame.losses[name] for name in ("content", "style", "total")}
    return {"step": frame.step, "seconds": seconds, "height": height, "width": width} | losses
