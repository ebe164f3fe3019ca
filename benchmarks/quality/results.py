"""Pictures with their measures: those that are given, and those that are painted for it."""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from benchmarks.quality.measures import Measures
from benchmarks.quality.painting import Painter, beta_with_content
from benchmarks.quality.pairs import Pair, picture_of


class Result(NamedTuple):
    """A picture of a pair by the name of who made it, and what was measured."""

    name: str
    picture: Image.Image
    measures: Measures

    @property
    def caption(self) -> str:
        """Who made it, and how well."""
        figures = (f"{name} {value:.3f}" for name, value in asdict(self.measures).items())
        return f"{self.name}: {', '.join(figures)}"


def measured(pair: Pair, name: str, picture: Image.Image, seconds: float = 0.0) -> Result:
    """Return a measured picture of a pair, and print its line."""
    result = Result(name, picture, pair.judge.measure(picture))
    figures = {each: round(value, 4) for each, value in asdict(result.measures).items()}
    row = {"pair": pair.number, "name": name} | figures | {"seconds": round(seconds, 1)}
    print(json.dumps(row), flush=True)
    return result


def given(pair: Pair, pictures: Sequence[tuple[Path, str]]) -> list[Result]:
    """Return the pictures of a pair that somebody else made, where there are any."""
    found = ((prefix, picture_of(pair, folder, prefix)) for folder, prefix in pictures)
    return [measured(pair, prefix, picture) for prefix, picture in found if picture]


def painted(pair: Pair, painter: Painter, goals: Sequence[Result]) -> list[Result]:
    """Return a picture of each variant, or with `goals` one of each with the C of each of them."""
    if not goals:
        return [measured(pair, each, *painter.paint(pair, each, each)) for each in painter.variants]
    found = []
    for goal in goals:
        for variant in painter.variants:
            name = as_content_of(variant, goal.name)
            picture = painter.paint(pair, variant, name, goal.measures.C)
            found.append(measured(pair, name, *picture))
    return found


def with_mean_content(
    pairs: Sequence[Pair], painter: Painter, name: str, goal: float
) -> list[list[Result]]:
    """Return the results of a variant by pair, with a beta for which their mean C is `goal`."""
    settings, found = painter.variants[name], list[list[Result]]()

    def content_of(beta: float) -> float:
        variant = {f"{name}-beta-{beta:.4g}": replace(settings, beta=beta)}
        found[:] = [painted(pair, replace(painter, variants=variant), []) for pair in pairs]
        return Measures.mean([result.measures for (result,) in found]).C

    beta_with_content(content_of, goal, settings.beta)
    return found


def as_content_of(name: str, prefix: str) -> str:
    """Return the name of a variant that has the content error of other pictures."""
    return f"{name}-as-{prefix}"
