"""Compare the presets with the default settings, each on styles of its kind.

    python -m benchmarks.kinds [--size 224] [--steps 40]

Writes docs/quality/presets.jpg.
"""

import argparse

from benchmarks.samples import DOCS, photo, save_sheet, style, stylized
from style_transfer.presets import PRESETS
from style_transfer.settings import Settings

KINDS = (  # preset, photo, style
    ("Thick paint", "raccoon", "bouquet"),
    ("Thick paint", "lake", "impasto_field"),
    ("Line drawing", "astronaut", "ink_drawing"),
    ("Fine texture", "astronaut", "pointillism"),
    ("Line drawing", "colosseum", "mountains_in_ink"),
    ("Fine texture", "lake", "venice"),
    ("Flat colour", "lake", "stained_glass"),
    ("Flat colour", "fig", "mosaic"),
)


def main() -> None:
    """Compute each pair with the default and with the preset."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--steps", type=int, default=40)
    options = parser.parse_args()
    cells = []
    for preset, content, painting in KINDS:
        for name in ("Balanced", preset):
            settings = Settings(**PRESETS[name], steps=options.steps)
            picture = stylized(photo(content, options.size), style(painting), settings)
            cells.append((f"{painting}, {name}", picture))
    rows = [cells[start : start + 4] for start in range(0, len(cells), 4)]
    save_sheet(DOCS / "quality" / "presets.jpg", rows, 260)


if __name__ == "__main__":
    main()
