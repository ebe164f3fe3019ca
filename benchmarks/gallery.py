"""The gallery of README: six results, and their settings as the command line takes them.

    python -m benchmarks.gallery [--size 384]

Writes docs/gallery/1.jpg to 6.jpg and prints the table of README.
"""

import argparse
from typing import Any

from benchmarks.samples import DOCS, JPEG_QUALITY, photo, style, stylized
from style_transfer.images import to_pil
from style_transfer.presets import PRESETS
from style_transfer.recipe import changes
from style_transfer.settings import Settings

PICTURES: tuple[tuple[str, str, dict[str, Any]], ...] = (  # photo, style, settings
    ("raccoon", "breaking_waves", {}),
    ("lake", "stained_glass", PRESETS["Flat colour"]),
    ("raccoon", "ink_drawing", PRESETS["Line drawing"]),
    ("lake", "mont_sainte_victoire", {}),
    ("dune", "venice", {"beta": 8.0}),
    ("fig", "mosaic", {"keep_colors": 0.7}),
)
COLUMNS = 3


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


def main() -> None:
    """Paint and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=384)
    options = parser.parse_args()
    for number, (content, painting, values) in enumerate(PICTURES, 1):
        picture = stylized(photo(content, options.size), style(painting), Settings(**values))
        file = DOCS / "gallery" / f"{number}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        to_pil(picture).save(file, quality=JPEG_QUALITY, optimize=True)
    print(table())


if __name__ == "__main__":
    main()
