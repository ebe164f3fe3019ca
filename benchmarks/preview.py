"""Does a preview tell the large picture? The same settings at 256, 512 and 1024 px.

    python -m benchmarks.preview [--steps 40] [--pair 0 1 2]

The large pictures are reduced to 256 px, and all are measured there. Prints for each pair how much
style and content error differ from the preview's, and writes docs/quality/preview-N.jpg.
"""

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from torch import Tensor

from benchmarks.samples import DOCS, painted, photo, save_sheet, style
from style_transfer.engine import Objective
from style_transfer.images import resize
from style_transfer.network import load_network
from style_transfer.settings import Settings

SIZES = (256, 512, 1024)
PAIRS = (("chelsea", "starry_night"), ("coffee", "mosaic"), ("rocket", "woodcut_waves"))


@dataclass(frozen=True)
class Result:
    """A picture of one size, and its errors where it is as small as the smallest."""

    size: int  # px, longer side
    picture: Tensor  # (1, 3, H, W)
    errors: dict[str, float]  # "style" and "content"
    seconds: float

    def differs_from(self, preview: "Result") -> dict[str, float]:
        """Return by how much of the preview's errors these are larger."""
        return {name: self.errors[name] / preview.errors[name] - 1 for name in self.errors}


def results(
    content: str, painting: str, settings: Settings, sizes: Sequence[int] = SIZES
) -> Iterator[Result]:
    """Yield the results of the same settings at each size, measured at the first one."""
    small, target = photo(content, sizes[0]), style(painting)
    objective = Objective(load_network(), small, target)
    for size in sizes:
        began = time.perf_counter()
        picture = painted(photo(content, size), target, settings)
        seconds = time.perf_counter() - began
        reduced = resize(picture, (small.shape[-2], small.shape[-1])).clamp(0, 1)
        losses = objective.evaluate(reduced, settings).losses
        yield Result(size, picture, {n: losses[n] for n in ("style", "content")}, seconds)


def main() -> None:
    """Paint and measure each pair."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--pair", type=int, nargs="+", default=[*range(len(PAIRS))])
    options = parser.parse_args()
    for number in options.pair:
        content, painting = PAIRS[number]
        found: list[Result] = []
        for result in results(content, painting, Settings(steps=options.steps)):
            found.append(result)
            differs = {name: round(d, 3) for name, d in result.differs_from(found[0]).items()}
            told = {"photo": content, "style": painting, "size": result.size}
            told |= {"seconds": round(result.seconds), "errors": result.errors}
            print(json.dumps(told | {"differs": differs}), flush=True)
        row = [(f"{result.size} px", result.picture) for result in found]
        save_sheet(DOCS / "quality" / f"preview-{number + 1}.jpg", [row], 420)


if __name__ == "__main__":
    main()
