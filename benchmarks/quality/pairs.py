"""Pairs of a photo and a painting, and pictures of them in files PREFIX.NUMBER.jpg or .png."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from PIL import Image
from torch import Tensor

from benchmarks.quality.measures import Judge
from benchmarks.samples import ASSETS
from style_transfer.images import open_image, to_tensor

SAMPLES = (  # photo, painting
    ("raccoon", "breaking_waves"),
    ("astronaut", "ink_drawing"),
    ("colosseum", "moonlit_river"),
    ("lake", "vase_of_flowers"),
    ("fig", "stained_glass"),
    ("dune", "mont_sainte_victoire"),
)


@dataclass(frozen=True)
class Pair:
    """A photo and a painting."""

    number: int
    photo: Image.Image
    painting: Image.Image

    @cached_property
    def judge(self) -> Judge:
        """What measures pictures of this pair."""
        return Judge(self.photo, self.painting)

    def tensors(self, size: int) -> tuple[Tensor, Tensor]:
        """Return the photo with sides of at most `size` px, and the painting at its own size."""
        return to_tensor(self.photo, size), to_tensor(self.painting)


def samples(numbers: Sequence[int] | None = None) -> list[Pair]:
    """Return the bundled pairs, or those of them with such numbers."""
    found = []
    for number in range(len(SAMPLES)) if numbers is None else numbers:
        photo, painting = SAMPLES[number]
        pictures = _open(ASSETS / "content", photo), _open(ASSETS / "style", painting)
        found.append(Pair(number, *pictures))
    return found


def pairs_in(folder: Path, numbers: Sequence[int] | None = None) -> list[Pair]:
    """Return the pairs c0.jpg, s0.jpg, c1.jpg ... of a folder, or those with such numbers."""
    if numbers is None:
        numbers = sorted(int(file.stem[1:]) for file in folder.glob("c[0-9]*.*"))
    return [Pair(n, *(_open(folder, f"{kind}{n}") for kind in "cs")) for n in numbers]


def picture_of(pair: Pair, folder: Path, prefix: str) -> Image.Image | None:
    """Return the picture PREFIX.NUMBER of a pair in a folder, None where there is none."""
    stem = f"{prefix}.{pair.number}"
    files = [file for file in folder.glob(f"{stem}.*") if file.stem == stem]
    return open_image(files[0]) if files else None


def _open(folder: Path, name: str) -> Image.Image:
    (file,) = folder.glob(f"{name}.*")
    return open_image(file)
