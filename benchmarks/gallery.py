"""The gallery of README: six results, and their settings as the command line takes them.

    python -m benchmarks.gallery [--size 384] [--numbers 1 2 3 4 5 6]

Writes docs/gallery/1.jpg to 6.jpg and prints the table of README. With the first it also writes the
example that the page shows before its first run: photo, picture and time-lapse, assets/examples/.
Each time it writes the thumbnails of all samples, assets/thumbnails/; with `--numbers` alone, only
these.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

from PIL import ImageOps
from torch import Tensor

from benchmarks.samples import ASSETS, DOCS, JPEG_QUALITY, photo, style
from style_transfer import assets
from style_transfer.engine import stylize
from style_transfer.images import open_image, to_pil
from style_transfer.images.timelapse import save_animated_webp
from style_transfer.links import changes
from style_transfer.presets import PRESETS
from style_transfer.settings import Settings

PICTURES: tuple[tuple[str, str, dict[str, Any]], ...] = (  # photo, style, settings
    ("lake", "impasto_field", {}),
    ("astronaut", "stained_glass", {}),
    ("raccoon", "ink_drawing", PRESETS["Line drawing"]),
    ("raccoon", "breaking_waves", {"beta": 2.0}),
    ("dune", "moonlit_river", {}),
    ("fig", "mosaic", {"keep_colors": 0.7}),
)
COLUMNS = 3
EXAMPLES, FILM_SECONDS = ASSETS / "examples", 6
FILM_QUALITY = 70  # every visitor loads it: two thirds of the bytes of 85
THUMBNAIL = 162, 120  # px; three times what the page gives them


def table() -> str:
    """Return the gallery as README shows it: pictures, and below each what it is made of."""
    cells = []
    for number, (content, painting, values) in enumerate(PICTURES, 1):
        words = ", ".join(" ".join(each) for each in changes(Settings(**values)).items())
        image = f"![{content} painted like {painting}](docs/gallery/{number}.jpg)"
        cells.append(f"{image}<br>{content}, {painting}<br>{words or 'default settings'}")
    rows = [cells[start : start + COLUMNS] for start in range(0, len(cells), COLUMNS)]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([lines[0], "|---" * COLUMNS + "|", *lines[1:]])


def paint(number: int, size: int) -> None:
    """Write a picture of the gallery, and with the first one the example."""
    content, painting, values = PICTURES[number - 1]
    image, settings = photo(content, size), Settings(**values)
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for frame in stylize(image, style(painting), lambda: settings):
            files.append(Path(folder) / f"{frame.step:03}.png")
            to_pil(frame.picture).save(files[-1])
        if number == 1:
            save_animated_webp(
                files, EXAMPLES / f"{content}-{painting}.webp", FILM_SECONDS, quality=FILM_QUALITY
            )
            _save_jpeg(image, EXAMPLES / f"{content}.jpg")
            _save_jpeg(frame.picture, EXAMPLES / f"{content}-{painting}.jpg")
    _save_jpeg(frame.picture, DOCS / "gallery" / f"{number}.jpg")


def write_thumbnails() -> None:
    """Write what the page shows of its samples."""
    for sample in (*ASSETS.glob("content/*.jpg"), *ASSETS.glob("style/*.jpg")):
        file = assets.thumbnail(sample)
        file.parent.mkdir(parents=True, exist_ok=True)
        ImageOps.fit(open_image(sample), THUMBNAIL).save(file, quality=JPEG_QUALITY)


def _save_jpeg(image: Tensor, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    to_pil(image).save(file, quality=JPEG_QUALITY, optimize=True)


def main() -> None:
    """Paint and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=384)
    parser.add_argument("--numbers", type=int, nargs="*", default=range(1, len(PICTURES) + 1))
    options = parser.parse_args()
    write_thumbnails()
    for number in options.numbers:
        paint(number, options.size)
    print(table())


if __name__ == "__main__":
    main()
