"""The frames of a film that are painted, in a folder beside it until it is finished."""

import json
from collections.abc import Iterable
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

from safetensors import SafetensorError, safe_open
from torch import Tensor

from style_transfer.engine import save_tensors
from style_transfer.film.writing import Painting
from style_transfer.images import save
from style_transfer.network import TimingCache

_FORMAT = "style-transfer-film-1"
_LAST = "last.safetensors"  # what the next frame needs, and the times of all


class FilmCheckpoint:
    """Painted frames as PNG, and what the next frame is painted from.

    The folder has the film's name and a checksum of all that makes it.
    """

    def __init__(self, output: Path, checksum: str) -> None:
        """Find the frames of an interrupted run; those of another film of that name are removed."""
        self.folder = output.with_name(f"{output.name}.{checksum}.frames")
        self.paintings: list[Painting] = []
        self.image: Tensor | None = None  # (1, 3, H, W), the last one without masks, as a run ends
        self.timings = TimingCache()
        for other in output.parent.glob("*.frames"):
            name, _, code = other.stem.rpartition(".")
            if name == output.name and code != checksum:
                _remove(other)
        self._load()

    def _load(self) -> None:
        try:
            with safe_open(self.folder / _LAST, framework="pt") as content:
                metadata = content.metadata() or {}
                if metadata.get("format") != _FORMAT:
                    return
                times = [[Fraction(t) for t in pair] for pair in json.loads(metadata["times"])]
                image = content.get_tensor("image").clone()
                timings = TimingCache.from_dict(json.loads(metadata["timings"]))
        except (OSError, SafetensorError, KeyError, ValueError):
            return
        paintings = [Painting(self._file(n), *pair) for n, pair in enumerate(times)]
        if all(painting.file.is_file() for painting in paintings):
            self.paintings, self.image, self.timings = paintings, image, timings

    def add(
        self, picture: Tensor, image: Tensor, begin: Fraction, end: Fraction, timings: TimingCache
    ) -> None:
        """Write the next frame: how it is shown, and how it is gone on from. Raises OSError."""
        self.folder.mkdir(exist_ok=True)
        painting = Painting(self._file(len(self.paintings)), begin, end)
        save(picture, painting.file)
        paintings = [*self.paintings, painting]
        times = [[str(each.begin), str(each.end)] for each in paintings]
        words = {"format": _FORMAT, "times": json.dumps(times)}
        words["timings"] = json.dumps(timings.as_dict())
        save_tensors({"image": image.detach().cpu()}, self.folder / _LAST, words)
        self.paintings, self.image = paintings, image

    def remove(self) -> None:
        """Remove the folder of a film that is finished."""
        _remove(self.folder)

    def _file(self, number: int) -> Path:
        return self.folder / f"{number:06}.png"


def _remove(folder: Path) -> None:
    """Remove what a checkpoint has written, and the folder if there is nothing else in it."""
    files: Iterable[Path] = [*folder.glob("[0-9]*.png"), *folder.glob(f"{_LAST}*")]
    with suppress(OSError):
        for file in files:
            file.unlink(missing_ok=True)
        folder.rmdir()
