"""Where a film goes: the finished one, one that is not finished, and the frames of that."""

import json
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

from style_transfer.batch import check_apart
from style_transfer.checks import one_of
from style_transfer.film.writing import FILM_FORMATS

LAST = "last.safetensors"  # in a folder of frames: what the next one needs, and the times of all
_PARTIAL = "film.json"  # there, too: which file holds the film so far
_WRITTEN = "[0-9]*.png", f"{LAST}*", _PARTIAL


class FilmOutput:
    """The file of a film, and the folders of painted frames beside it, one for all that makes it.

    While there are frames the film is not finished. What is written of it until then never
    replaces a file that it has not written before.
    """

    def __init__(self, file: Path, inputs: Iterable[Path]) -> None:
        """Raises ValueError, one sentence, where no film can be, or only over one of the inputs."""
        self.file = file
        one_of("the ending of a film", file.suffix.lower(), FILM_FORMATS)
        folder = file.absolute().parent
        if not folder.is_dir():
            raise ValueError(f"{file}: the folder {folder} does not exist.")
        if file.is_dir():
            raise ValueError(f"{file}: this is a folder, not a file.")
        check_apart("film", file, [*inputs])
        self._partials = {each for folder in self._begun() for each in _partial_in(folder)}

    @property
    def is_finished(self) -> bool:
        """Whether a film is there, and no frames of one that is not finished."""
        return self.file.exists() and not self._begun()

    def check_folder(self) -> None:
        """Raise ValueError, one sentence, where no frames could be kept beside the film."""
        try:  # a name as long as that of `frames_of`
            folder = self.file.absolute().parent
            Path(tempfile.mkdtemp(".frames", f"{self.file.name}.", folder)).rmdir()
        except OSError as error:
            reason = f"({error.strerror})"
            raise ValueError(f"{self.file}: no frames can be kept beside it {reason}.") from None

    def frames_of(self, checksum: str) -> Path:
        """Return the folder of the frames that settings of a checksum make."""
        return self.file.with_name(f"{self.file.name}.{checksum}.frames")

    def remove_frames(self, but_of: Path | None = None) -> None:
        """Remove all frames but those of one folder, and folders that have nothing else in them."""
        for folder in self._begun():
            if folder != but_of:
                _remove(folder)

    def place_so_far(self) -> Path:
        """Return where the film goes until it is finished."""
        return next(each for each in self._places() if not each.exists() or self._is_partial(each))

    def wrote_so_far(self, place: Path, frames: Path) -> None:
        """Take notice of the film so far, which has `frames`."""
        with suppress(OSError):  # another run takes the film for a finished one then
            self._partials = {(place.name, checksum_of(place))}
            (frames / _PARTIAL).write_text(json.dumps([*self._partials]), encoding="utf-8")

    def finish(self) -> None:
        """Remove what was kept beside the film until it is finished."""
        for place in {self.file.with_name(name) for name, _ in self._partials} - {self.file}:
            with suppress(OSError):
                if self._is_partial(place):
                    place.unlink()
        self.remove_frames()

    def _places(self) -> Iterator[Path]:
        yield self.file
        for number in count(1):
            words = "unfinished" if number == 1 else f"unfinished-{number}"
            yield self.file.with_stem(f"{self.file.stem}.{words}")

    def _is_partial(self, place: Path) -> bool:
        return place.is_file() and (place.name, checksum_of(place)) in self._partials

    def _begun(self) -> list[Path]:
        """Return all folders of frames, whatever settings have made them."""
        found = self.file.parent.glob("*.frames")  # as `frames_of` names them
        named = [each for each in found if each.stem.rpartition(".")[0] == self.file.name]
        return [each for each in named if any(_written(each))]


def _written(folder: Path) -> Iterator[Path]:
    for pattern in _WRITTEN:
        yield from folder.glob(pattern)


def _remove(folder: Path) -> None:
    with suppress(OSError):
        for file in [*_written(folder)]:
            file.unlink(missing_ok=True)
        folder.rmdir()


def _partial_in(folder: Path) -> list[tuple[str, int]]:
    """Return name and checksum of the film so far of a folder of frames, if there is one."""
    with suppress(OSError, ValueError, TypeError):
        text = (folder / _PARTIAL).read_text(encoding="utf-8")
        return [(str(name), int(checksum)) for name, checksum in json.loads(text)]
    return []


def checksum_of(file: Path) -> int:
    """Return a checksum of a file's content. Raises OSError."""
    code = 0
    with file.open("rb") as content:
        while block := content.read(2**20):
            code = zlib.crc32(block, code)
    return code
