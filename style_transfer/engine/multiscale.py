"""Anchor: a large picture is measured small as well, so that a preview tells its look."""

from dataclasses import replace

import torch
from torch import Tensor

from style_transfer.engine.objective import Evaluation, Objective
from style_transfer.engine.styles import Styles
from style_transfer.images import fit, resize
from style_transfer.network.vgg import VGG
from style_transfer.settings import Settings

SMALL_SIDE = 256  # px on the longer side; from twice that on it costs a quarter of a step or less
SMALL_WEIGHT = 0.65  # of the evaluation at SMALL_SIDE; with 0.5 a large picture lags its preview


def evaluation_sizes(size: tuple[int, int]) -> list[tuple[int, int]]:
    """Return the sizes (height, width) at which a picture of `size` is measured."""
    return [size, fit(size, SMALL_SIDE)] if max(size) >= 2 * SMALL_SIDE else [size]


class MultiscaleObjective:
    """The objective of a picture at its own size; of a large one a mean with that at SMALL_SIDE px.

    Differs from the paper because the network's receptive fields have a fixed size in pixels: seen
    at its own size alone, a large picture forgets the large strokes and gives up more of the photo
    than a small one. Snelgrove 2017, "High-Resolution Multi-Scale Neural Texture Synthesis".
    """

    def __init__(self, network: VGG, content: Tensor, style: Tensor | Styles) -> None:
        """Take the photo (1, 3, H, W) at the size of the image, the paintings as they are."""
        sizes = evaluation_sizes((content.shape[-2], content.shape[-1]))
        photos = [resize(content, size).clamp(0, 1) for size in sizes]
        self._objectives = [Objective(network, photo, style) for photo in photos]
        self._sizes = sizes

    @property
    def styles(self) -> Styles:
        """The paintings, and where they go."""
        return self._objectives[0].styles

    @styles.setter
    def styles(self, styles: Styles) -> None:
        for objective in self._objectives:
            objective.styles = styles

    def evaluate(self, image: Tensor, settings: Settings) -> Evaluation:
        """Return losses and gradient of `image`, which has the photo's shape."""
        parts = [
            _evaluate_at(size, objective, image, settings)
            for size, objective in zip(self._sizes, self._objectives, strict=True)
        ]
        if len(parts) == 1:
            return parts[0]
        own, small = parts
        losses = {
            n: (1 - SMALL_WEIGHT) * loss + SMALL_WEIGHT * small.losses[n]
            for n, loss in own.losses.items()
        }
        gradient = torch.lerp(own.gradient, small.gradient, SMALL_WEIGHT)
        return Evaluation(losses, gradient, own.stale_layers + small.stale_layers)


def _evaluate_at(
    size: tuple[int, int], objective: Objective, image: Tensor, settings: Settings
) -> Evaluation:
    """Return losses of `image` as seen at `size`, and the gradient with respect to `image`."""
    with torch.enable_grad():
        image = image.detach().requires_grad_()
        seen = resize(image, size)
        evaluation = objective.evaluate(seen, settings)
        if seen is image:
            return evaluation
        (gradient,) = torch.autograd.grad(seen, image, evaluation.gradient)
    return replace(evaluation, gradient=gradient)
