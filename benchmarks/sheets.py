"""Which variant gives better pictures? Five photos in six styles, at equal steps, side by side.

    python -m benchmarks.sheets [--variants default tv] [--size 160] [--steps 30] [--keep FOLDER]

Writes docs/quality/STYLE.jpg, a row for each photo and a column for each variant, and prints for
each variant the losses of style and content by the default objective, and

* border: high-pass energy of the outer 8 px over that of the interior, both over all pictures;
* grain: high-pass energy of the pictures over that of their style images at the same size;
* chroma: mean distance from grey of the pictures over that of their style images;
* seconds of a picture.

Pictures that are in the folder of --keep are read from there.
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
LATE = 0.25  # share of the steps whose pictures are averaged
DEEP = {"relu1_1": 0.5, "relu2_1": 0.5, "relu3_1": 1.0, "relu4_1": 2.0, "relu5_1": 2.0}
VARIANTS: dict[str, dict[str, Any]] = {  # name: what differs from the default
    "default": {},
    "tv": {"tv": 1.0},
    "max pooling": {"pooling": "max"},
    "zero padding": {"padding": "zeros"},
    "covariance": {"statistic": "covariance", "beta": 4.0},  # at equal content
    "deep layers": {"style_layers": DEEP},
    "late average": {"average": True},
    "plain L-BFGS": {"optimizer": LBFGS(preconditioned=False)},
    "cells alike": {"max_cell_ratio": 1.0},
    "pyramid": {"precondition": "pyramid"},
}


def main() -> None:
    """Stylise, measure, and write the sheets."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=[*VARIANTS])
    parser.add_argument("--size", type=int, default=160)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--keep", type=Path, default=Path(tempfile.mkdtemp()))
    options = parser.parse_args()
    options.keep.mkdir(parents=True, exist_ok=True)
    rows: dict[tuple[str, str], list[tuple[str, Tensor]]] = defaultdict(list)
    for variant in options.variants:
        measures: dict[str, list[float]] = defaultdict(list)
        for content in PHOTOS:
            small = photo(content, options.size)
            for style_image in STYLES:
                file = options.keep / f"{variant}-{content}-{style_image}-{options.steps}.png"
                picture, seconds = _picture(file, small, style(style_image), variant, options.steps)
                rows[style_image, content].append((variant, picture))
                for name, value in measured(picture, small, style(style_image)).items():
                    measures[name].append(value)
                if seconds:
                    measures["seconds"].append(seconds)
        print(json.dumps({"variant": variant} | summary(measures)), flush=True)
    for style_image in STYLES:
        table = [rows[style_image, content] for content in PHOTOS]
        save_sheet(DOCS / "quality" / f"{style_image}.jpg", table, 150)


def _picture(
    file: Path, content: Tensor, style_image: Tensor, variant: str, steps: int
) -> tuple[Tensor, float]:
    """Return a picture, and the seconds it took; 0 where it was read from `file`."""
    if file.exists():
        return to_tensor(open_image(file)), 0.0
    options = dict(VARIANTS[variant])
    averaged = options.pop("average", False)
    began = time.perf_counter()
    with _apply(options) as network:
        settings = Settings(steps=steps, **options)
        frames = stylize(content, style_image, lambda: settings, network=network)
        late = [frame.picture for frame in frames if frame.step > (1 - LATE) * steps]
    picture = torch.stack(late).mean(0) if averaged else late[-1]
    save(picture, file)
    return picture, time.perf_counter() - began


@contextmanager
def _apply(options: dict[str, Any]) -> Iterator[VGG]:
    """Take out of `options` all that Settings does not have, and apply it within the context."""
    network = load_network()
    if "padding" in options:
        network = VGG()
        network.convolutions["relu1_1"].padding = options.pop("padding")
    by_name = {"pyramid": _pyramid}
    precondition = by_name.get(options.pop("precondition", ""), optimizers._precondition)
    ratio = options.pop("max_cell_ratio", optimizers.MAX_CELL_RATIO)
    optimizer = options.pop("optimizer", OPTIMIZERS["lbfgs"])
    with (
        mock.patch.dict(OPTIMIZERS, {"lbfgs": optimizer}),
        mock.patch.object(optimizers, "_precondition", precondition),
        mock.patch.object(optimizers, "MAX_CELL_RATIO", ratio),
    ):
        yield network


def _pyramid(_: Tensor, vector: Tensor) -> Tensor:
    """Return P P^T `vector`, where P sums the enlarged levels 1, 1/2, 1/4 ... of a pyramid.

    L-BFGS with it as the initial inverse Hessian is L-BFGS on the coefficients of the pyramid.
    """
    result, height, width = vector, *vector.shape[-2:]
    for level in range(1, 6):
        size = max(1, height >> level), max(1, width >> level)
        coarse = F.interpolate(vector, size, mode="area") * 4**level
        result = result + F.interpolate(coarse, (height, width), mode="bilinear") / 2**level
    return result


def measured(picture: Tensor, content: Tensor, style_image: Tensor) -> dict[str, float]:
    """Return the measures of one picture, the border as its two parts."""
    losses = Objective(load_network(), content, style_image).evaluate(picture, Settings()).losses
    size = fit((style_image.shape[-2], style_image.shape[-1]), max(picture.shape[-2:]))
    resized = resize(style_image, size).clamp(0, 1)
    energy = high_pass(picture)
    inside = energy[..., BORDER:-BORDER, BORDER:-BORDER]
    frame = (energy.sum() - inside.sum()) / (energy.numel() - inside.numel())
    return {
        "style": losses["style"],
        "content": losses["content"],
        "frame": frame.item(),
        "inside": inside.mean().item(),
        "grain": (energy.mean() / high_pass(resized).mean()).item(),
        "chroma": (_chroma(picture) / _chroma(resized)).item(),
    }


def high_pass(image: Tensor) -> Tensor:
    """Return the distance of each pixel from the mean of its 3 x 3 neighbourhood."""
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
