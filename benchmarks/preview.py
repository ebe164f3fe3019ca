"""Does a small preview look like the large picture? The same settings at larger sizes.

    python -m benchmarks.preview [--steps 40] [--pair 0 1 2] [--sizes 256 384 512 1024]

The large pictures are reduced to 256 px, and all losses are measured there. Prints for each pair by
how much those of style and content differ from the preview's, and writes
docs/quality/preview-N.jpg.
"""

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from torch import Tensor

from benchmarks.samples import DOCS, photo, save_sheet, style, stylized
from style_transfer.engine import Objective
from style_transfer.images import resize
from style_transfer.network import load_network
from style_transfer.settings import Settings

SIZES = (256, 384, 512, 1024)
PAIRS = (("raccoon", "breaking_waves"), ("fig", "mosaic"), ("colosseum", "moonlit_river"))


@dataclass(frozen=True)
class Result:
    """A picture of one size, and its losses when reduced to the smallest."""

    size: int  # px, longer side
    picture: Tensor  # (1, 3, H, W)
    losses: dict[str, float]  # "style" and "content"
    seconds: float

    def differs_from(self, preview: "Result") -> dict[str, float]:
        """Return the relative difference of each loss from that of the preview."""
        return {name: self.losses[name] / preview.losses[name] - 1 for name in self.losses}


def results(
    content: str, style_image: str, settings: Settings, sizes: Sequence[int] = SIZES
) -> Iterator[Result]:
    """Yield the results of the same settings at each size, measured at the first one."""
    small, target = photo(content, sizes[0]), style(style_image)
    objective = Objective(load_network(), small, target)
    for size in sizes:
        began = time.perf_counter()
        picture = stylized(photo(content, size), target, settings)
        seconds = time.perf_counter() - began
        reduced = resize(picture, (small.shape[-2], small.shape[-1])).clamp(0, 1)
        found = objective.evaluate(reduced, settings).losses
        losses = {name: found[name] for name in ("style", "content")}
        yield Result(size, picture, losses, seconds)


def main() -> None:
    """Stylise and measure each pair."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--pair", type=int, nargs="+", default=[*range(len(PAIRS))])
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    options = parser.parse_args()
    for number in options.pair:
        content, style_image = PAIRS[number]
        found: list[Result] = []
        for result in results(content, style_image, Settings(steps=options.steps), options.sizes):
            found.append(result)
            differs = {name: round(d, 3) for name, d in result.differs_from(found[0]).items()}
            row = {"photo": content, "style": style_image, "size": result.size}
            row |= {"seconds": round(result.seconds), "losses": result.losses}
            print(json.dumps(row | {"differs": differs}), flush=True)
        cells = [(f"{result.size} px", result.picture) for result in found]
        save_sheet(DOCS / "quality" / f"preview-{number + 1}.jpg", [cells], 420)


if __name__ == "__main__":
    main()
