"""What makes a better picture? Five photos in six styles, each way side by side at equal steps.

    python -m benchmarks.sheets [--ways default tv ...] [--size 160] [--steps 30] [--keep FOLDER]

Writes docs/quality/STYLE.jpg, a row for each photo and a column for each way, and prints for each
way: the errors of style and content by the default objective, and as shares of 1

* border: high-pass energy of the outer 8 px over that of the interior, both over all pictures;
* grain: high-pass energy of the pictures over that of their paintings at the same size;
* chroma: mean distance from grey of the pictures over that of their paintings;
* seconds of a picture.

Pictures in the folder of --keep are not painted again.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.samples import DOCS, photo, save_sheet, style
from style_transfer.engine import OPTIMIZERS, Objective, optimizers, stylize
from style_transfer.engine.optimizers import LBFGS
from style_transfer.images import fit, open_image, resize, save, to_tensor
from style_transfer.network import VGG, load_network
from style_transfer.settings import Settings

PHOTOS = ("chelsea", "astronaut", "coffee", "rocket", "hubble_deep_field")
STYLES = ("starry_night", "impasto_field", "ink_drawing", "mosaic", "pointillism", "woodcut_waves")
BORDER = 8  # px
LATE = 0.25  # of the steps, whose pictures are averaged
DEEP = {"relu1_1": 0.5, "relu2_1": 0.5, "relu3_1": 1.0, "relu4_1": 2.0, "relu5_1": 2.0}
WAYS: dict[str, dict[str, Any]] = {  # name: what differs from the default
    "default": {},
    "tv": {"tv": 1.0},
    "max pooling": {"pooling": "max"},
    "zero padding": {"padding": "zeros"},
    "covariance": {"statistic": "covariance", "beta": 4.0},  # at equal content
    "deep layers": {"style_layers": DEEP},
    "late average": {"average": True},
    "plain L-BFGS": {"optimizer": LBFGS(preconditioned=False)},
    "places alike": {"most": 1.0},
    "pyramid": {"first_guess": "pyramid"},
}


def main() -> None:
    """Paint, measure and show."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=[*WAYS])
    parser.add_argument("--size", type=int, default=160)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--keep", type=Path, default=Path(tempfile.mkdtemp()))
    options = parser.parse_args()
    options.keep.mkdir(parents=True, exist_ok=True)
    rows: dict[tuple[str, str], list[tuple[str, Tensor]]] = defaultdict(list)
    for way in options.ways:
        measures: dict[str, list[float]] = defaultdict(list)
        for content in PHOTOS:
            small = photo(content, options.size)
            for painting in STYLES:
                file = options.keep / f"{way}-{content}-{painting}-{options.steps}.png"
                picture, seconds = _painted(file, small, style(painting), way, options.steps)
                rows[painting, content].append((way, picture))
                for name, value in measured(picture, small, style(painting)).items():
                    measures[name].append(value)
                if seconds:
                    measures["seconds"].append(seconds)
        print(json.dumps({"way": way} | summary(measures)), flush=True)
    for painting in STYLES:
        table = [rows[painting, content] for content in PHOTOS]
        save_sheet(DOCS / "quality" / f"{painting}.jpg", table, 150)


def _painted(
    file: Path, content: Tensor, painting: Tensor, way: str, steps: int
) -> tuple[Tensor, float]:
    """Return a picture, and the seconds it took unless it was there already."""
    if file.exists():
        return to_tensor(open_image(file)), 0.0
    options = dict(WAYS[way])
    averaged = options.pop("average", False)
    began = time.perf_counter()
    with _way(options) as network:
        settings = Settings(steps=steps, **options)
        frames = stylize(content, painting, lambda: settings, network=network)
        late = [frame.picture for frame in frames if frame.step > (1 - LATE) * steps]
    picture = torch.stack(late).mean(0) if averaged else late[-1]
    save(picture, file)
    return picture, time.perf_counter() - began


@contextmanager
def _way(options: dict[str, Any]) -> Iterator[VGG]:
    """Take out of `options` what is no setting, and let it be so for a while."""
    network = load_network(pooling=options.pop("pooling", "average"))
    if "padding" in options:
        network = VGG()
        network.convolutions["relu1_1"].padding = options.pop("padding")
    guess = {"pyramid": _pyramid}.get(options.pop("first_guess", ""), optimizers._first_guess)
    most = options.pop("most", optimizers.MAX_CELL_RATIO)
    optimizer = options.pop("optimizer", OPTIMIZERS["lbfgs"])
    with (
        mock.patch.dict(OPTIMIZERS, {"lbfgs": optimizer}),
        mock.patch.object(optimizers, "_first_guess", guess),
        mock.patch.object(optimizers, "MAX_CELL_RATIO", most),
    ):
        yield network


def _pyramid(_: Tensor, vector: Tensor) -> Tensor:
    """Return P P^T `vector`, where P adds up a pyramid of levels 1, 1/2, 1/4 ... enlarged.

    L-BFGS with it as the first guess is L-BFGS on the coefficients of the pyramid.
    """
    result, height, width = vector, *vector.shape[-2:]
    for level in range(1, 6):
        size = max(1, height >> level), max(1, width >> level)
        coarse = F.interpolate(vector, size, mode="area") * 4**level
        result = result + F.interpolate(coarse, (height, width), mode="bilinear") / 2**level
    return result


def measured(picture: Tensor, content: Tensor, painting: Tensor) -> dict[str, float]:
    """Return what one picture has of the measures above, the border in its two parts."""
    losses = Objective(load_network(), content, painting).evaluate(picture, Settings()).losses
    size = fit((painting.shape[-2], painting.shape[-1]), max(picture.shape[-2:]))
    seen = resize(painting, size).clamp(0, 1)
    energy = high_pass(picture)
    inside = energy[..., BORDER:-BORDER, BORDER:-BORDER]
    frame = (energy.sum() - inside.sum()) / (energy.numel() - inside.numel())
    return {
        "style": losses["style"],
        "content": losses["content"],
        "frame": frame.item(),
        "inside": inside.mean().item(),
        "grain": (energy.mean() / high_pass(seen).mean()).item(),
        "chroma": (_chroma(picture) / _chroma(seen)).item(),
    }


def high_pass(image: Tensor) -> Tensor:
    """Return how far each pixel is from the mean of the 3 x 3 around it."""
    return (image - F.avg_pool2d(F.pad(image, (1, 1, 1, 1), "reflect"), 3, 1)).abs()


def _chroma(image: Tensor) -> Tensor:
    return (image - image.mean(1, keepdim=True)).abs().mean()


def summary(measures: dict[str, list[float]]) -> dict[str, float]:
    """Return the mean of each measure over all pictures."""
    means = {name: statistics.fmean(values) for name, values in measures.items()}
    means["border"] = means.pop("frame") / means.pop("inside")
    return {name: round(value, 4) for name, value in means.items()}


if __name__ == "__main__":
    main()
