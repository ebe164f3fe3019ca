"""The file of a picture, which is never lost."""

import os
import secrets
import sys
import tempfile
import unicodedata
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from torch import Tensor

from style_transfer.batch.planning import STREAM
from style_transfer.images import PICTURE_FORMATS, Export, encoded, save

_STREAM_NAME = Path("picture.png")  # by which the format of standard output is told


def save_somewhere(
    image: Tensor, output: Path, text: str, export: Export
) -> tuple[Path | None, str]:
    """Write (1, 3, H, W) RGB in [0, 1] as `output`; return where it is, and a sentence.

    Where that fails it becomes a PNG of another name in the same folder or, if need be, in the
    current one, the home or the temporary folder, or None, and the sentence says so. Otherwise
    the sentence is "".
    """
    try:
        _write(image, output, text, export)
        return output, ""
    except Exception as error:  # whatever it is: hours may have gone into the picture
        reason = getattr(error, "strerror", None) or error
        stem = os.fsencode(output.stem)[:100].decode(errors="ignore")  # a name has up to 255 bytes
        for folder in _folders(output):
            elsewhere = folder / f"{stem}-{secrets.token_hex(3)}.png"
            with suppress(OSError, ValueError):
                save(image, elsewhere, text, export)
                words = f"{output} cannot be written ({reason}); the picture is in {elsewhere}"
                return elsewhere, words
        return None, f"{output} cannot be written ({reason}), nor can a file in any other folder"


def _write(image: Tensor, output: Path, text: str, export: Export) -> None:
    if output == STREAM:
        data = encoded(image, _STREAM_NAME, text, export)
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        save(image, output, text if output.suffix.lower() in PICTURE_FORMATS else None, export)


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


def check_apart(what: str, target: Path, files: Iterable[Path]) -> None:
    """Raise ValueError, one sentence, where `target` would overwrite one of the other `files`.

    `what` says in the sentence what is to be written there.
    """
    check_all_apart([(what, target)], files)


def check_all_apart(outputs: Iterable[tuple[str, Path]], files: Iterable[Path]) -> None:
    """Raise ValueError, one sentence, where an output would overwrite another or one of `files`.

    With each output stands what it is in the sentence.
    """
    taken = {identity: file for file in files for identity in _identities(file)}
    for what, target in outputs:
        identities = _identities(target)
        for file in (taken[identity] for identity in identities if identity in taken):
            raise ValueError(f"{target}: the {what} would overwrite {file}; give it another name.")
        taken |= dict.fromkeys(identities, target)


def _identities(file: Path) -> list[Hashable]:
    """Return what files have in common that are one: a path or, of hard links, a number."""
    if file == STREAM:
        return []
    place = os.path.realpath(file)
    if sys.platform in ("darwin", "win32"):  # where "Lake.png" and "lake.png" mostly are one
        place = unicodedata.normalize("NFC", place).casefold()
    with suppress(OSError):
        found = file.stat()
        return [place, (found.st_dev, found.st_ino)]
    return [place]
