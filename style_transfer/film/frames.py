"""The frames of a film, painted one after the other."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from style_transfer.engine import (
    EvaluatorFactory,
    Frame,
    FrameEvaluators,
    Styles,
    TemporalTarget,
    remaining_steps,
    stages,
    stylize,
    with_palette,
)
from style_transfer.film.flow import confidence, flow_between, moved
from style_transfer.network import VGG
from style_transfer.settings import Settings

TEMPORAL_WEIGHT = 100.0
REFINED_SHARE = 0.25  # of the steps, that a frame gets which starts from the one before
CUT = 0.25  # of a frame, that is certain at least unless another scene begins


class Before(NamedTuple):
    """A frame that is painted."""

    content: Tensor  # (1, 3, H, W)
    image: Tensor  # painted, of the same size, without masks


@dataclass(frozen=True)
class Beginning:
    """How runs of a film begin where no frame is before: arguments of `stylize`."""

    init: str
    optimizer: str
    seed: int


class FramePainter:
    """Paints each frame of a film from the one before it, moved along optical flow."""

    def __init__(
        self,
        network: VGG,
        styles: Styles,
        beginning: Beginning,
        temporal: float,
        make_evaluator: EvaluatorFactory,
    ) -> None:
        """Take the styles of all frames, and the weight of the temporal term."""
        self._network, self._styles = network, styles.to(network.device)
        self._beginning, self._weight = beginning, temporal
        self._evaluators = FrameEvaluators(make_evaluator)

    def paint(self, content: Tensor, before: Before | None, settings: Settings) -> Iterator[Frame]:
        """Yield the frames of `stylize` for a content image (1, 3, H, W), the last one painted.

        All images are on the network's device. Without a frame before, or where that is of another
        scene, it is painted like a photo.
        """
        target = self._target(content, before) if before else None
        self._evaluators.begin_frame(settings, target)
        how = self._beginning
        init: str | Tensor = how.init
        step = 0
        if target is not None:
            start = with_palette(content, self._styles, settings)
            init = torch.lerp(start, target.image, target.confidence)
            step = settings.steps - refined_steps(content, settings)
        yield from stylize(
            content,
            self._styles,
            lambda: settings,
            network=self._network,
            init=init,
            step=step,
            optimizer=how.optimizer,
            seed=how.seed,
            evaluator=self._evaluators,
        )

    def _target(self, content: Tensor, before: Before) -> TemporalTarget | None:
        """Return what a frame is held to, None where another scene begins."""
        flow = flow_between(content, before.content)
        certain = confidence(content, before.content, flow, flow_between(before.content, content))
        if certain.mean() < CUT:
            return None
        return TemporalTarget(moved(before.image, flow), certain, self._weight)


def refined_steps(content: Tensor, settings: Settings) -> int:
    """Return how many steps a frame gets that starts from the one before; all at full size."""
    size = content.shape[-2], content.shape[-1]
    at_full_size = remaining_steps(stages(size), 0, settings.steps)[-1]
    return min(at_full_size, max(1, round(REFINED_SHARE * settings.steps)))
