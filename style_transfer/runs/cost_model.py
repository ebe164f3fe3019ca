"""How long a run takes on this machine, by measurement."""

import math
import time
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache

import torch

from style_transfer.engine import (
    Objective,
    Stage,
    evaluation_sizes,
    remaining_steps,
    stages,
    style_image_size,
)
from style_transfer.network.vgg import VGG
from style_transfer.runs.memory import Size
from style_transfer.runtime import retain_freed_blocks
from style_transfer.settings import Settings

_SAMPLES = (96, 192)  # px a side; together about a second on two cores
_PIXELS_SHARE = 0.5  # of the larger sample's time, at the least, however the machine stumbles
FORWARD = 0.45  # of a step's time: the way through the network without a gradient
RECENT = 5  # steps that the present speed is judged by
BELIEF = 2.0  # s; what the measurement weighs beside them: short steps tell little of long ones


@dataclass(frozen=True)
class Speed:
    """What a step costs: so much whatever its size, and so much for each pixel."""

    seconds_per_step: float
    seconds_per_pixel: float

    def of_step(self, size: tuple[int, int]) -> float:
        """Return the seconds of a step at `size` (height, width)."""
        pixels = [height * width for height, width in evaluation_sizes(size)]
        return len(pixels) * self.seconds_per_step + self.seconds_per_pixel * sum(pixels)

    def of_rest(self, plan: list[Stage], step: int, steps: int, stage: int = -1) -> float:
        """Return the seconds that a run in `stage` of `plan` has left after `step` of `steps`.

        A stage still to be entered costs the time of one step more: photo and painting go through
        the network once, without a gradient. Stage -1 is that of a run that has not begun.
        """
        counts = remaining_steps(plan, step, steps, max(stage, 0))
        entered = [index > stage and count > 0 for index, count in enumerate(counts)]
        return sum(
            (count + enters) * self.of_step(part.size)
            for count, enters, part in zip(counts, entered, plan, strict=True)
        )


@cache
def measured(network: VGG) -> Speed:
    """Return the speed of this machine, measured once for each network."""
    small, large = (_seconds(network, side) for side in _SAMPLES)
    few, many = (side * side for side in _SAMPLES)
    per_pixel = max((large - small) / (many - few), _PIXELS_SHARE * large / many)
    return Speed(max(0.0, large - per_pixel * many), per_pixel)


def expected(
    network: VGG, size: Size, steps: int, paintings: Collection[Size] = (), style_scale: float = 1.0
) -> float:
    """Return the seconds that a run of `steps` at `size` (height, width) will take.

    `paintings` are the sizes of the style pictures.
    """
    speed, plan = measured(network), stages(size)
    seconds = speed.of_rest(plan, 0, steps)
    for part, count in zip(plan, remaining_steps(plan, 0, steps), strict=True):
        looks = [style_image_size(each, max(part.size), style_scale) for each in paintings]
        # One that is as large as the picture is in the time of a stage's first step already.
        more = sum(map(math.prod, looks)) - math.prod(part.size)
        if count and more > 0:
            seconds += more * speed.seconds_per_pixel * FORWARD
    return seconds


class Clock:
    """The time left of a run: what the measured speed says, corrected by the run's last steps."""

    def __init__(self, network: VGG) -> None:
        self._speed = measured(network)
        self._recent: deque[tuple[float, float]] = deque(maxlen=RECENT)  # seconds, expected ones

    def add(self, seconds: float, size: tuple[int, int], entered: bool) -> None:
        """Note that a step at `size` took so long; `entered`: it was the first of its stage."""
        self._recent.append((seconds, self._speed.of_step(size) * (1 + entered)))

    @property
    def steps_per_second(self) -> float:
        """The speed of the last steps, 0 before the first."""
        seconds = sum(seconds for seconds, _ in self._recent)
        return len(self._recent) / seconds if seconds else 0.0

    def seconds_left(self, plan: list[Stage], step: int, steps: int, stage: int) -> float:
        """Return how long the rest of a run will take, see `Speed.of_rest`."""
        seconds, expected = (
            sum(each) for each in zip((BELIEF, BELIEF), *self._recent, strict=True)
        )
        return self._speed.of_rest(plan, step, steps, stage) * seconds / expected


def _seconds(network: VGG, side: int) -> float:
    picture = torch.rand((1, 3, side, side), generator=torch.Generator().manual_seed(0))
    picture = picture.to(network.device)
    retain_freed_blocks((side, side))  # as a run does, whose steps fetch no memory anew
    objective, times = Objective(network, picture, picture), []
    for _ in range(5):  # the first also makes the targets and chooses the ways of the convolutions
        began = time.perf_counter()
        objective.evaluate(
            picture, Settings()
        )  # ends with losses as numbers, so a GPU is waited for
        times.append(time.perf_counter() - began)
    return min(times[1:])
