"""Painting for the measures: settings given as text, and runs that end with a content error."""

import math
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image
from torch import Tensor

from benchmarks.quality.measures import Judge
from benchmarks.quality.pairs import Pair, picture_of
from benchmarks.samples import stylized
from style_transfer.checks import one_of
from style_transfer.engine import stylize
from style_transfer.images import save, to_pil
from style_transfer.settings import KNOBS, Settings

FIRST = 5  # step; by then C is nearly what it will be
INTERVAL = 8  # steps between looks at C; where beta changes, L-BFGS starts anew
LAST = 12  # steps at the end, of which the last with a small enough C counts
RAISED_FROM = 0.3  # share of the steps; before, C still rises by itself
GAINS = 1.0, 2.0  # powers of the goal over C by which beta rises and falls; more makes it swing
NEAR = 0.96, 1.0  # of the goal; beta stays where C is between them
AIM = 0.98  # of the goal
MAX_FACTOR = 4.0  # of beta at a time

TOLERANCE = 0.01  # of a mean C that is asked for
ROUNDS = 6  # of paintings at most, to come within TOLERANCE
SLOPES = 0.1, 0.4, 2.0  # of log C over log beta: least, first guess, most


@dataclass(frozen=True)
class Painter:
    """Paints pairs, and keeps the pictures in a folder."""

    variants: Mapping[str, Settings]  # by name
    size: int  # px, longest side
    folder: Path

    def paint(
        self, pair: Pair, variant: str, prefix: str, goal: float | None = None
    ) -> tuple[Image.Image, float]:
        """Return a picture and the seconds it took, 0 where PREFIX.NUMBER.png was there.

        With a `goal` its content error is no higher, see `stylized_with_content`.
        """
        if kept := picture_of(pair, self.folder, prefix):
            return kept, 0.0
        settings, (photo, painting) = self.variants[variant], pair.tensors(self.size)
        began = time.perf_counter()
        if goal is None:
            picture = stylized(photo, painting, settings)
        else:
            picture = stylized_with_content(photo, painting, settings, pair.judge, goal)
        seconds = time.perf_counter() - began
        self.folder.mkdir(parents=True, exist_ok=True)
        save(picture, self.folder / f"{prefix}.{pair.number}.png")
        return to_pil(picture), seconds


def parsed_settings(texts: Sequence[str], start: Settings) -> Settings:
    """Return settings with changes such as "beta=8", each as in a link, applied to `start`.

    Raises ValueError, one sentence, for an unknown name or a value that is not allowed.
    """
    values = start.as_dict()
    for text in texts:
        name, _, value = text.partition("=")
        name = name.replace("-", "_")
        one_of("setting", name, KNOBS)
        values[name] = KNOBS[name].from_text(name, value)
    return Settings(**values)


def parsed_variant(text: str, start: Settings) -> tuple[str, Settings]:
    """Return name and settings of "NAME:beta=8,style_layers=relu1_1,relu2_1:0.5"."""
    name, _, changes = text.partition(":")
    return name, parsed_settings(re.split(r",(?=[\w-]+=)", changes) if changes else [], start)


def beta_with_content(content_of: Callable[[float], float], goal: float, beta: float) -> float:
    """Return a beta for which `content_of` returns `goal`, within TOLERANCE or after ROUNDS.

    By secants between logarithms, from `beta` on. The one that is returned was tried last.
    """
    low, slope, high = SLOPES
    tried: tuple[float, float] | None = None
    for remaining in reversed(range(ROUNDS)):
        point = math.log(beta), math.log(content_of(beta))
        gap = math.log(goal) - point[1]
        if abs(gap) <= TOLERANCE or not remaining:
            break
        if tried:
            slope = (point[1] - tried[1]) / (point[0] - tried[0])
            slope = min(high, max(low, slope))
        tried, beta = point, beta * math.exp(gap / slope)
    return beta


def stylized_with_content(
    photo: Tensor, painting: Tensor, settings: Settings, judge: Judge, goal: float
) -> Tensor:
    """Return a picture whose content error C is at most `goal`, and as near as one run comes.

    One run of `settings.steps`, in which beta follows C. Returns the picture of its last step with
    such a C; if there is none, of the last step.
    """
    beta, kept = _Beta(settings, goal), None
    for frame in stylize(photo, painting, beta.settings_of_step):
        left = settings.steps - frame.step
        if frame.step < FIRST or (left % INTERVAL and left > INTERVAL):
            continue
        content = judge.content_error(to_pil(frame.picture))
        if left <= LAST and (content <= goal or (not left and kept is None)):
            kept = frame
        if left >= INTERVAL:
            beta.follow(content, may_rise=frame.step >= RAISED_FROM * settings.steps)
    assert kept is not None  # the last frame at least
    return kept.picture


class _Beta:
    """The beta of a run that is to end with a content error near `goal`."""

    def __init__(self, settings: Settings, goal: float) -> None:
        self._settings, self._goal = settings, goal

    def settings_of_step(self) -> Settings:
        return self._settings

    def follow(self, content: float, may_rise: bool) -> None:
        """Move beta where `content` is not near the goal."""
        ratio = content / self._goal
        if ratio > NEAR[1] or (ratio < NEAR[0] and may_rise):
            factor = (AIM / ratio) ** GAINS[ratio > 1]
            factor = min(MAX_FACTOR, max(1 / MAX_FACTOR, factor))
            self._settings = replace(self._settings, beta=self._settings.beta * factor)
