"""The multiscale objective: a large image is evaluated at a small size as well."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor

from style_transfer.engine.block_objective import BlockObjective
from style_transfer.engine.evaluator import (
    NO_MATCHES,
    Evaluation,
    EvaluatorFactory,
    FeatureExtractor,
    Matches,
)
from style_transfer.engine.local_style import LocalStyle
from style_transfer.engine.motifs import join_matches, split_matches
from style_transfer.engine.objective import Objective
from style_transfer.engine.pyramid import image_size, resize_clamped
from style_transfer.engine.styles import Styles
from style_transfer.engine.views import View, evaluated
from style_transfer.images import fit, resize
from style_transfer.settings import Settings

SMALL_SIDE, FORMS_SIDE = 256, 128  # px, longer sides
SMALL_WEIGHT = 0.65  # of the evaluation at SMALL_SIDE; with 0.5 large images differ from previews
# px, longer sides from which SMALL_SIDE counts: where smaller images differ little from previews,
# and, for the plain objective without large forms, where it takes a quarter of a step at most.
LARGE_SIDE, LARGE_SIDE_WITHOUT_FORMS = 288, 512
NEARLY = 0.95  # of the longer side; narrow pictures, which `fit` keeps from MIN_SIDE, stay as large


def evaluation_sizes(size: tuple[int, int]) -> list[tuple[int, int]]:
    """Return the sizes (height, width) at which an image of `size` may be evaluated, its own first.

    Those that do not count with some settings have a share of 0 in `evaluation_shares`.
    """
    return [each for each, _ in _evaluations(size, 0.0)]


def evaluation_shares(size: tuple[int, int], settings: Settings) -> list[float]:
    """Return how much each of `evaluation_sizes` counts; they sum to 1."""
    return [share for _, share in _evaluations(size, settings.large_forms)]


def _evaluations(size: tuple[int, int], forms: float) -> list[tuple[tuple[int, int], float]]:
    """Return the sizes with their shares; one that is hardly smaller than the last is left out."""
    large_side = LARGE_SIDE if forms else LARGE_SIDE_WITHOUT_FORMS
    small = SMALL_WEIGHT if max(size) >= large_side else 0.0
    found = [(size, 1.0)]
    for side, least, share in (
        (SMALL_SIDE, LARGE_SIDE, small),
        (FORMS_SIDE, 2 * FORMS_SIDE, forms),
    ):
        if max(size) >= least:
            smaller, last = fit(size, side), found[-1][0]
            if max(smaller) < NEARLY * max(last):
                found = [(each, before * (1 - share)) for each, before in found]
                found.append((smaller, share))
    return found


class MultiscaleObjective:
    """The objective of an image at its own size, averaged with those at sizes much smaller.

    Differs from the paper because the network's receptive fields have a fixed size in pixels: at
    its own size alone, a large image gets small strokes only and loses more of the content than a
    small one. Snelgrove 2017, "High-Resolution Multi-Scale Neural Texture Synthesis". At SMALL_SIDE
    a large image is compared as a preview is, at FORMS_SIDE by the painting's large forms.
    """

    def __init__(
        self,
        network: FeatureExtractor,
        content: Tensor,
        style: Tensor | Styles,
        block: int | None = None,
    ) -> None:
        """Take the content image (1, 3, H, W) at the size of the images to come.

        With `block`, the side of blocks in px, an image of more pixels is evaluated in such blocks,
        see `BlockObjective`.
        """
        self._network, self._sizes = network, evaluation_sizes(image_size(content))
        contents = [resize_clamped(content, size) for size in self._sizes]
        self._objectives = [
            BlockObjective(network, each, style, block)
            if block and each[0, 0].numel() > block**2
            else Objective(network, each, style)
            for each in contents
        ]

    @property
    def content(self) -> Tensor:
        """The content image (1, 3, H, W); one assigned to it has the same size."""
        return self._objectives[0].content

    @content.setter
    def content(self, content: Tensor) -> None:
        for size, objective in zip(self._sizes, self._objectives, strict=True):
            objective.content = resize_clamped(content, size)

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

    @property
    def local_styles(self) -> tuple[LocalStyle, ...]:
        """What is painted like places of the style images."""
        return self._objectives[0].local_styles

    @local_styles.setter
    def local_styles(self, local_styles: tuple[LocalStyle, ...]) -> None:
        for objective in self._objectives:
            objective.local_styles = local_styles

    def evaluate(
        self, image: Tensor, settings: Settings, matches: Matches = NO_MATCHES
    ) -> Evaluation:
        """Return losses and gradient of `image` (1, 3, H, W), which has the content's shape."""
        known = split_matches(matches, len(self._sizes))
        shares = evaluation_shares(self._sizes[0], settings)
        views, whole, evaluations = list[View](), list[int](), list[tuple[float, Evaluation]]()
        for index, (share, objective) in enumerate(zip(shares, self._objectives, strict=True)):
            if not share:  # it costs nothing
                continue
            if isinstance(objective, BlockObjective):
                each = _evaluate_at(self._sizes[index], objective, image, settings, known[index])
                known[index] = each.matches
                evaluations.append((share, each))
            else:
                views.append(objective.view(settings, known[index], share))
                whole.append(index)
        if views:
            together, renewed = evaluated(self._network, image, views)
            evaluations.append((1.0, together))  # which has their shares in it
            for index, its in zip(whole, renewed, strict=True):
                known[index] = its
        return _sum(evaluations, join_matches(known))


def _sum(weighted: Sequence[tuple[float, Evaluation]], matches: Matches) -> Evaluation:
    """Return the sum of evaluations by their shares, with the losses that all of them have."""
    if len(weighted) == 1 and weighted[0][0] == 1:
        return replace(weighted[0][1], matches=matches)
    losses = {
        name: sum(share * each.losses[name] for share, each in weighted)
        for name in weighted[0][1].losses
        if all(name in each.losses for _, each in weighted)
    }
    gradient = torch.zeros_like(weighted[0][1].gradient)
    for share, each in weighted:  # one by one: those of a large image take much memory
        gradient.add_(each.gradient, alpha=share)
    return Evaluation(losses, gradient, sum(each.stale_layers for _, each in weighted), matches)


def in_blocks(side: int) -> EvaluatorFactory:
    """Return what makes the objective for pictures too large for the memory there is.

    It is evaluated in blocks of about `side` px, and is the same up to rounding; a step takes one
    and a half times as long, and the margins of the blocks beside.
    """
    return partial(MultiscaleObjective, block=side)


def _evaluate_at(
    size: tuple[int, int],
    objective: BlockObjective,
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
