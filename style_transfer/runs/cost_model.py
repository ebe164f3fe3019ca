"""The cost model: how long steps and runs take on this machine, by measurement."""

import math
import time
from collections.abc import Collection
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from style_transfer.devices import synchronize
from style_transfer.engine import (
    NO_MATCHES,
    OPTIMIZERS,
    MultiscaleObjective,
    Stage,
    Styles,
    block_pixels,
    evaluation_shares,
    evaluation_sizes,
    remaining_steps,
    stages,
    style_image_size,
)
from style_transfer.network import PIXELS, VGG
from style_transfer.runs.memory import Size
from style_transfer.runtime import retain_freed_blocks
from style_transfer.settings import Settings

_SAMPLES = (96, 192)  # px a side; together about five seconds on two cores
# A fast device takes as long for both, since it waits for what it is asked next. There larger ones
# tell what a pixel costs, until a step takes twice as long as the smallest, or so many seconds.
_LARGEST, _LONG = 768, 0.05
# px a side, of the style image: as large as those of pictures whose matrices have full rank, so
# that the time of their roots is found to be the same for all sizes.
_STYLE_SIDE = 384
# Of the larger sample's time: lower bound, against a measurement disturbed by other load.
_MIN_PIXEL_SHARE = 0.5
FORWARD_SHARE = 0.45  # of a step's time: the network's forward pass without a gradient
ENTRY_STEPS = 2.5  # that the first step of a stage takes longer: targets, roots, filters, timings
NOT_SHARED = nullcontext()  # a device on which nothing else is computed


@dataclass(frozen=True)
class CostModel:
    """The time of a step as a linear function of its pixels."""

    seconds_per_step: float  # whatever its size
    seconds_per_pixel: float
    settings: Settings = field(default_factory=Settings)  # which say at what sizes
    block: int | None = None  # px, side of the blocks in which larger images are evaluated

    @classmethod
    def measure(
        cls,
        network: VGG,
        settings: Settings | None = None,
        device: AbstractContextManager[Any] = NOT_SHARED,
    ) -> "CostModel":
        """Return the cost model of the network's device, fitted to steps of two sizes.

        `settings` are those of the run, or the default ones. Each step is made within `device`, so
        that runs can make theirs in between.
        """
        settings = settings or Settings()
        first, last = _SAMPLES
        small, large = (_time_step(network, side, settings, device) for side in _SAMPLES)
        while large < min(2 * small, _LONG) and last < _LARGEST:
            last *= 2
            large = _time_step(network, last, settings, device)
        few, many = (sum(_pixels((side, side), settings)) for side in (first, last))
        per_pixel = max((large - small) / (many - few), _MIN_PIXEL_SHARE * large / many)
        return cls(max(0.0, large - per_pixel * many), per_pixel)

    def step_seconds(self, size: Size) -> float:
        """Return the seconds of a step at `size` (height, width)."""
        pixels = _pixels(size, self.settings)
        if self.block and pixels[0] > self.block**2:
            # The first of two passes is one without a gradient.
            pixels[0] = round((1 + FORWARD_SHARE) * block_pixels(size, self.block))
        return len(pixels) * self.seconds_per_step + self.seconds_per_pixel * sum(pixels)

    def of_run(self, settings: Settings, block: int | None) -> "CostModel":
        """Return that of a run with these settings, evaluated in blocks of a side where any."""
        return replace(self, settings=settings, block=block)

    def remaining_seconds(self, plan: list[Stage], step: int, steps: int, stage: int = -1) -> float:
        """Return the seconds that a run in `stage` of `plan` has left after `step` of `steps`.

        A stage still to be entered costs the time of ENTRY_STEPS more. Stage -1 is that of a run
        not yet started.
        """
        counts = remaining_steps(plan, step, steps, max(stage, 0))
        entered = [index > stage and count > 0 for index, count in enumerate(counts)]
        return sum(
            (count + ENTRY_STEPS * enters) * self.step_seconds(part.size)
            for count, enters, part in zip(counts, entered, plan, strict=True)
        )

    def seconds_between(
        self, plan: list[Stage], begin: tuple[int, int], end: tuple[int, int], steps: int
    ) -> float:
        """Return the seconds that a run of `steps` steps takes from `begin` to `end`.

        Both are a step and its stage in `plan`.
        """
        left = (self.remaining_seconds(plan, at, steps, stage) for at, stage in (begin, end))
        return next(left) - next(left)

    def run_seconds(
        self,
        size: Size,
        steps: int,
        style_sizes: Collection[Size] = (),
        style_scale: float = 1.0,
    ) -> float:
        """Return the seconds of a whole run of `steps` at `size` (height, width)."""
        plan = stages(size)
        seconds = self.remaining_seconds(plan, 0, steps)
        for part, count in zip(plan, remaining_steps(plan, 0, steps), strict=True):
            scaled = [style_image_size(each, max(part.size), style_scale) for each in style_sizes]
            # A style image as large as the picture is part of remaining_seconds already.
            more = sum(map(math.prod, scaled)) - math.prod(part.size)
            if count and more > 0:
                seconds += more * self.seconds_per_pixel * FORWARD_SHARE
        return seconds


def what_costs(settings: Settings) -> str:
    """Return the part of the settings that the time of a step depends on, in words."""
    layers = settings.content_layer, *sorted(settings.style_layers)
    motifs = "motifs" if settings.motifs else "no motifs"
    return " ".join((*layers, settings.statistic, settings.pooling, motifs))


def _pixels(size: Size, settings: Settings) -> list[int]:
    """Return the pixels of each size at which an image of `size` is compared, its own first."""
    shares = evaluation_shares(size, settings)
    sizes = zip(evaluation_sizes(size), shares, strict=True)
    return [height * width for (height, width), share in sizes if share]


def _time_step(
    network: VGG, side: int, settings: Settings, device: AbstractContextManager[Any]
) -> float:
    """Return the seconds of the fastest of four steps with a square image."""
    image = torch.rand((1, 3, side, side), generator=torch.Generator().manual_seed(0))
    image = image.to(network.device)
    retain_freed_blocks((side, side))  # as in a run, whose steps reuse memory
    objective = MultiscaleObjective(network, image, Styles((image,)))
    settings, times, matches = _settings_for(network, settings, side), [], NO_MATCHES
    optimizer, memory = next(iter(OPTIMIZERS.values())), tuple[Tensor, ...]()
    for _ in range(5):  # the first also makes the targets and chooses the backends
        with device:
            began = time.perf_counter()
            with network.threads.running():  # as in a run, for each step
                evaluation = objective.evaluate(image, settings, matches)
            matches = evaluation.matches
            image, memory = optimizer.step(image, evaluation.gradient, memory)
            synchronize(network.device)
            times.append(time.perf_counter() - began)
    return min(times[1:])


def _settings_for(network: VGG, settings: Settings, side: int) -> Settings:
    """Return what costs of the settings, with layers that the network has: shallow ones lack some.

    All terms have a weight: those without are left out of a step, but may get one at any time.
    """
    available, deepest = {PIXELS, *network.layers}, network.layers[-1]
    content = settings.content_layer if settings.content_layer in available else deepest
    styles = [each for each in settings.style_layers if each in available] or [deepest]
    complete = available.issuperset(settings.style_layers)
    return Settings(
        content_layer=content,
        style_layers=dict.fromkeys(styles, 1.0),
        statistic=settings.statistic,
        pooling=settings.pooling,
        motifs=1.0 if settings.motifs and complete else 0.0,
        large_forms=settings.large_forms,
        style_scale=_STYLE_SIDE / side,
    )
