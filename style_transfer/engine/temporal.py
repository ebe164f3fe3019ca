"""The temporal term: a frame of a film is held to the one before it, moved along optical flow.

Ruder, Dosovitskiy and Brox 2016, "Artistic Style Transfer for Videos".
"""

from collections.abc import Hashable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from style_transfer.engine.evaluator import (
    NO_MATCHES,
    Evaluation,
    EvaluatorFactory,
    FeatureExtractor,
    Matches,
    StepEvaluator,
)
from style_transfer.engine.local_style import LocalStyle
from style_transfer.engine.multiscale import MultiscaleObjective
from style_transfer.engine.pyramid import image_size, resize_clamped
from style_transfer.engine.styles import Styles
from style_transfer.engine.target_cache import Variant, motif_layers
from style_transfer.losses import temporal_loss
from style_transfer.settings import Settings


@dataclass(frozen=True, eq=False)
class TemporalTarget:
    """What a frame is held to, and where."""

    image: Tensor  # (1, 3, H, W) RGB in [0, 1]: the painted frame before, moved
    confidence: Tensor  # (1, 1, H, W) in [0, 1]: 0 where a place was occluded, which is free
    weight: float  # of the term in the objective

    def resized(self, size: tuple[int, int]) -> "TemporalTarget":
        """Return it at `size` (height, width)."""
        if image_size(self.image) == size:
            return self
        image, confidence = (resize_clamped(each, size) for each in (self.image, self.confidence))
        return TemporalTarget(image, confidence, self.weight)


class TemporalObjective:
    """An objective, and the temporal term beside its terms, as "temporal" among its losses."""

    def __init__(self, objective: StepEvaluator, target: TemporalTarget) -> None:
        """Take the objective of a stage; the target may have any size."""
        self._objective = objective
        content = objective.content_target
        here, self._weight = target.resized(image_size(content)), target.weight
        self._image, self._confidence = (
            each.to(content.device) for each in (here.image, here.confidence)
        )

    @property
    def content_target(self) -> Tensor:
        """The image (1, 3, H, W) whose content the images are to have."""
        return self._objective.content_target

    @content_target.setter
    def content_target(self, content: Tensor) -> None:
        self._objective.content_target = content

    @property
    def styles(self) -> Styles:
        """The style images and their masks."""
        return self._objective.styles

    @styles.setter
    def styles(self, styles: Styles) -> None:
        self._objective.styles = styles

    @property
    def local_styles(self) -> tuple[LocalStyle, ...]:
        """What is painted like places of the style images."""
        return self._objective.local_styles

    @local_styles.setter
    def local_styles(self, local_styles: tuple[LocalStyle, ...]) -> None:
        self._objective.local_styles = local_styles

    def evaluate(
        self, image: Tensor, settings: Settings, matches: Matches = NO_MATCHES
    ) -> Evaluation:
        """Return losses and gradient of `image` (1, 3, H, W), which has the content's shape."""
        evaluation = self._objective.evaluate(image, settings, matches)
        with torch.enable_grad():
            image = image.detach().requires_grad_()
            loss = temporal_loss(image, self._image, self._confidence)
            (gradient,) = torch.autograd.grad(self._weight * loss, image)
        losses = dict(evaluation.losses) | {"temporal": loss.item()}
        losses["total"] += self._weight * losses["temporal"]
        return replace(evaluation, losses=losses, gradient=evaluation.gradient.add(gradient))


class FrameEvaluators:
    """Makes the evaluators of the frames of a film, one run of `stylize` each.

    Style targets are computed once for each size at which frames are painted. Assign to `target`
    what the next frame is held to; without one, or with a weight of 0, the term costs nothing.
    """

    def __init__(self, make: EvaluatorFactory = MultiscaleObjective) -> None:
        """Take what makes the objectives without the term; their `content` is assigned to."""
        self.target: TemporalTarget | None = None
        self._make = make
        self._known: dict[tuple[int, int], StepEvaluator] = {}
        self._targets: Hashable = None  # by which the targets of `_known` were computed

    def begin_frame(self, settings: Settings, target: TemporalTarget | None) -> None:
        """Take the settings of all steps of the next frame, and what it is held to."""
        self.target = target
        if (key := _targets_of(settings)) != self._targets:
            # Or targets of the frame before would serve until the new ones are there.
            self._known, self._targets = {}, key

    def __call__(self, network: FeatureExtractor, content: Tensor, styles: Styles) -> StepEvaluator:
        """Return the evaluator of a stage of the next frame."""
        objective = self._known.get(image_size(content))
        if objective is None:
            objective = self._known[image_size(content)] = self._make(network, content, styles)
        else:
            objective.content = content  # type: ignore[attr-defined]
            objective.styles = styles
        if self.target is None or not self.target.weight:
            return objective
        return TemporalObjective(objective, self.target)


def _targets_of(settings: Settings) -> Hashable:
    """Return all of the settings that targets of styles depend on."""
    layers = frozenset(settings.style_layers), motif_layers(settings), settings.statistic
    return Variant.of(settings), *layers
