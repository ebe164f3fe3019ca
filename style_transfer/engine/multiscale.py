"""The multiscale objective: a large image is evaluated at a small size as well."""

from dataclasses import replace

import torch
from torch import Tensor

from style_transfer.engine.evaluator import NO_MATCHES, Evaluation, FeatureExtractor, Matches
from style_transfer.engine.motifs import join_matches, split_matches
from style_transfer.engine.objective import Objective
from style_transfer.engine.pyramid import image_size, resize_clamped
from style_transfer.engine.styles import Styles
from style_transfer.images import fit, resize
from style_transfer.settings import Settings

SMALL_SIDE = 256  # px, longer side; from twice that on it takes a quarter of a step or less
SMALL_WEIGHT = 0.65  # of the evaluation at SMALL_SIDE; with 0.5 large images differ from previews


def evaluation_sizes(size: tuple[int, int]) -> list[tuple[int, int]]:
    """Return the sizes (height, width) at which an image of `size` is evaluated."""
    return [size, fit(size, SMALL_SIDE)] if max(size) >= 2 * SMALL_SIDE else [size]


class MultiscaleObjective:
    """The objective of an image at its own size, of a large one averaged with that at SMALL_SIDE.

    Differs from the paper because the network's receptive fields have a fixed size in pixels: at
    its own size alone, a large image gets small strokes only and loses more of the content than a
    small one. Snelgrove 2017, "High-Resolution Multi-Scale Neural Texture Synthesis".
    """

    def __init__(self, network: FeatureExtractor, content: Tensor, style: Tensor | Styles) -> None:
        """Take the content image (1, 3, H, W) at the size of the images to come."""
        self._sizes = evaluation_sizes(image_size(content))
        contents = [resize_clamped(content, size) for size in self._sizes]
        self._objectives = [Objective(network, each, style) for each in contents]

    @property
    def content_target(self) -> Tensor:
        """The image (1, 3, H, W) whose content the images are to have."""
        return self._objectives[0].content_target

    @content_target.setter
    def content_target(self, content: Tensor) -> None:
        for size, objective in zip(self._sizes, self._objectives, strict=True):
            objective.content_target = resize_clamped(content, size)

    @property
    def styles(self) -> Styles:
        """The style images and their masks."""
        return self._objectives[0].styles

    @styles.setter
    def styles(self, styles: Styles) -> None:
        for objective in self._objectives:
            objective.styles = styles

    def evaluate(
        self, image: Tensor, settings: Settings, matches: Matches = NO_MATCHES
    ) -> Evaluation:
        """Return losses and gradient of `image` (1, 3, H, W), which has the content's shape."""
        evaluations = [
            evaluate_at(size, objective, image, settings, known)
            for size, objective, known in zip(
                self._sizes,
                self._objectives,
                split_matches(matches, len(self._sizes)),
                strict=True,
            )
        ]
        renewed = join_matches([each.matches for each in evaluations])
        if len(evaluations) == 1:
            return replace(evaluations[0], matches=renewed)
        full, small = evaluations
        losses = {
            name: (1 - SMALL_WEIGHT) * full.losses[name] + SMALL_WEIGHT * small.losses[name]
            for name in full.losses
            if name in small.losses
        }
        gradient = torch.lerp(full.gradient, small.gradient, SMALL_WEIGHT)
        return Evaluation(losses, gradient, full.stale_layers + small.stale_layers, renewed)


def evaluate_at(
    size: tuple[int, int],
    objective: Objective,
    image: Tensor,
    settings: Settings,
    matches: Matches,
) -> Evaluation:
    """Return losses of `image` resized to `size`, and the gradient with respect to `image`."""
    with torch.enable_grad():
        image = image.detach().requires_grad_()
        resized = resize(image, size)
        evaluation = objective.evaluate(resized, settings, matches)
        if resized is image:
            return evaluation
        (gradient,) = torch.autograd.grad(resized, image, evaluation.gradient)
    return replace(evaluation, gradient=gradient)
