"""The objective at one size: losses of an image against content and styles, and their gradient."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor

from style_transfer.devices import runs_ahead, side_by_side
from style_transfer.engine.evaluator import (
    NO_MATCHES,
    Evaluation,
    FeatureExtractor,
    Matches,
    losses_read,
)
from style_transfer.engine.local_style import LocalStyle
from style_transfer.engine.masks import (
    composite,
    spatial_guidance,
    style_weight_map,
    with_regions,
)
from style_transfer.engine.motifs import MotifSearch, MotifTerm, renewed_matches
from style_transfer.engine.pyramid import image_size
from style_transfer.engine.step_graphs import graphs
from style_transfer.engine.style_terms import (
    AppliedStyle,
    Comparisons,
    layer_comparisons,
    measured_distances,
    measured_layers,
    style_terms,
    summary_of,
)
from style_transfer.engine.styles import Styles
from style_transfer.engine.targets import StyleSource, Targets
from style_transfer.images import resize
from style_transfer.losses import content_loss, total_variation
from style_transfer.settings import Settings


def term_weights(settings: Settings, styles: Collection[AppliedStyle]) -> dict[str, float]:
    """Return the weight of each term of the objective.

    The style weighs in proportion to the area it covers, so that an image that is stylised in part
    looks there as it would in whole.
    """
    covered = sum(style.guidance.share for style in styles)
    return {
        "content": settings.alpha,
        "style": settings.beta * covered,
        "motifs": settings.beta * settings.motifs * covered,
        "tv": settings.tv,
    }


class Objective:
    """Evaluates images of the size of the content image. Assign to `styles` to replace them.

    Where the styles have a strength mask, the losses are those of the composite of image and
    content, so that the optimiser makes the edge of the mask meet the untouched content.
    """

    def __init__(self, network: FeatureExtractor, content: Tensor, style: Tensor | Styles) -> None:
        """Take the content image (1, 3, H, W) at the size of the images to come."""
        self._network, self._content = network, content
        # Numbers of the styles for which each position that counts has been matched.
        self._searched: list[int] | None = None
        self._targets = Targets(network, content)
        self.styles = Styles.of(style)
        self.local_styles = ()

    @property
    def content(self) -> Tensor:
        """The content image (1, 3, H, W); one assigned to it has the same size."""
        return self._content

    @content.setter
    def content(self, content: Tensor) -> None:
        self._content = self._targets.content_image = content
        self._searched = None

    @property
    def content_target(self) -> Tensor:
        """The image (1, 3, H, W) whose content the images are to have."""
        return self._targets.content_target

    @content_target.setter
    def content_target(self, content: Tensor) -> None:
        self._targets.content_target = content

    @property
    def styles(self) -> Styles:
        """The style images and their masks."""
        return self._styles

    @styles.setter
    def styles(self, styles: Styles) -> None:
        size = self._content.shape[-2], self._content.shape[-1]
        self._styles = styles.to(self._content.device)
        self._strength = self._styles.strength_at(size)
        self._weight_map = style_weight_map(self._strength)
        self._style_masks = self._styles.style_masks_at(size)
        self._searched = None

    @property
    def local_styles(self) -> tuple[LocalStyle, ...]:
        """What is painted like places of the style images; of one that is not there nothing is."""
        return self._local_styles

    @local_styles.setter
    def local_styles(self, local_styles: tuple[LocalStyle, ...]) -> None:
        size = self._content.shape[-2], self._content.shape[-1]
        self._local_styles = local_styles
        self._regions = [each.region(size).to(self._content) for each in local_styles]
        self._searched = None

    def evaluate(
        self, image: Tensor, settings: Settings, matches: Matches = NO_MATCHES
    ) -> Evaluation:
        """Return losses and gradient of `image` (1, 3, H, W), which has the content's shape."""
        evaluation, (renewed,) = evaluated(self._network, image, [self.view(settings, matches)])
        return replace(evaluation, matches=renewed)

    def view(self, settings: Settings, matches: Matches = NO_MATCHES, share: float = 1.0) -> "View":
        """Return what an image is compared with in one evaluation, of which it has a share."""
        styles = self._applied_styles(settings)
        recorded = graphs.records_on(self._content.device)
        numbers = [style.number for style in styles]
        search = MotifSearch.of(styles, matches, recorded and numbers == self._searched)
        self._searched = numbers
        weights = term_weights(settings, styles)
        return View(
            size=image_size(self._content),
            share=share,
            pooling=settings.pooling,
            content_layer=settings.content_layer,
            content=self._targets.content(settings),
            behind=None if self._strength is None else (self._content, self._strength),
            layer_weights=measured_layers(settings.style_layers, styles),
            styles=styles,
            # A term of weight 0 costs no backward pass; but a recording is to serve any weight.
            weights={name: w for name, w in weights.items() if w or recorded},
            search=search,
            matches=matches,
            stale_layers=self._targets.stale_layers,
        )

    def _applied_styles(self, settings: Settings) -> list[AppliedStyle]:
        """Return the styles with a share of the image, and what they are compared with."""
        images = self._styles.images
        shares = settings.shares(len(images))
        guidance = spatial_guidance(shares, self._weight_map, self._style_masks)
        local = [
            (each, region)
            for each, region in zip(self._local_styles, self._regions, strict=True)
            if each.style <= len(images)
        ]
        everywhere, here = with_regions(guidance, [r for _, r in local], self._weight_map)
        sources = [StyleSource(image) for image in images]
        sources += [StyleSource(images[each.style - 1], each.place) for each, _ in local]
        self._targets.begin_step(sources, settings)
        return [
            AppliedStyle(
                number,
                each,
                self._targets.style(source, settings),
                self._targets.places(source, settings),
                is_local=source.place is not None,
            )
            for number, (each, source) in enumerate(
                zip([*everywhere, *here], sources, strict=True), 1
            )
            if each.share
        ]


@dataclass(frozen=True, eq=False)
class View:
    """What an image is compared with at one size, in one evaluation."""

    size: tuple[int, int]  # height, width
    share: float  # of this size in the evaluation
    pooling: str
    content_layer: str
    content: Tensor  # (1, C, h, w), the activation there
    behind: tuple[Tensor, Tensor] | None  # content image and strength mask, see `composite`
    layer_weights: Mapping[str, float]  # of the style
    styles: Sequence[AppliedStyle]
    weights: Mapping[str, float]  # of the terms; those left out are measured alone
    search: MotifSearch
    matches: Matches  # of the evaluation before
    stale_layers: int

    @property
    def arguments(self) -> "View":
        """The view for `computed`: without what tells one run from another."""
        styles = [
            replace(style, places={n: replace(p, fingerprint=0) for n, p in style.places.items()})
            for style in self.styles
        ]
        return replace(self, styles=styles, matches=NO_MATCHES, stale_layers=0)


@dataclass(frozen=True, eq=False)
class Computed:
    """Losses by their names, of which the last is "total", and the gradient of the total.

    The losses are the means over views, by their shares, of those that all of them have.
    """

    names: tuple[str, ...]
    losses: Tensor  # (n,)
    gradient: Tensor  # (1, 3, H, W)
    found: tuple[Mapping[str, Tensor], ...]  # matches of motifs, of each view


def evaluated(
    network: FeatureExtractor, image: Tensor, views: Sequence[View]
) -> tuple[Evaluation, list[Matches]]:
    """Return losses and gradient of an image (1, 3, H, W), and the matches of each view.

    They are computed by a recording where there is one.
    """
    # Before all positions are matched, how many there are to match is known by the device alone.
    recordable = all(view.search.complete for view in views)
    arguments = network, image.detach(), [view.arguments for view in views]
    made = graphs.call(computed, *arguments) if recordable else computed(*arguments)
    matches = [
        renewed_matches(view.styles, view.matches, found)
        for view, found in zip(views, made.found, strict=True)
    ]
    stale_layers = sum(view.stale_layers for view in views)
    losses = losses_read(made.names, made.losses)
    return Evaluation(losses, made.gradient, stale_layers), matches


def computed(network: FeatureExtractor, image: Tensor, views: Sequence[View]) -> Computed:
    """Return what is to be known of an image (1, 3, H, W); nothing of it waits for the device."""
    calls = [partial(_differentiated, network, image, view) for view in views]
    gradient, parts = torch.zeros_like(image), list[dict[str, Tensor]]()
    found = list[Mapping[str, Tensor]]()
    for losses, part, matches in side_by_side(image.device, calls):
        gradient.add_(part)
        parts.append(losses)
        found.append(matches)
    names = tuple(name for name in parts[0] if all(name in part for part in parts))
    values = torch.stack([torch.stack([part[name] for name in names]) for part in parts]).sum(0)
    if runs_ahead(image.device):  # where nobody looks at the gradient before the next step
        values[-1] = values[-1].where(gradient.isfinite().all(), torch.nan)
    return Computed(names, values, gradient, tuple(found))


def _differentiated(
    network: FeatureExtractor, image: Tensor, view: View
) -> tuple[dict[str, Tensor], Tensor, Mapping[str, Tensor]]:
    """Return the share of a view in the losses and in the gradient, and its matches."""
    with torch.enable_grad():
        image = image.detach().requires_grad_()
        terms, found = _terms(network, resize(image, view.size), view)
        # A term without a weight stays out of the graph: it costs no backward pass.
        weighted = [w * terms[name] for name, w in view.weights.items() if name in terms]
        terms["total"] = sum(weighted, start=image.new_zeros(()))
        gradient = torch.zeros_like(image)
        if weighted:
            (gradient,) = torch.autograd.grad(terms["total"], image)
    losses = {name: view.share * term.detach() for name, term in terms.items()}
    return losses, view.share * gradient, found


def _terms(
    network: FeatureExtractor, image: Tensor, view: View
) -> tuple[dict[str, Tensor], Mapping[str, Tensor]]:
    """Return the unweighted losses of an image at the size of a view, 0-d, and the matches."""
    picture = image if view.behind is None else composite(image, *view.behind)
    terms, comparisons = dict[str, Tensor](), Comparisons()
    motifs = MotifTerm(view.styles, view.search)
    layers = {view.content_layer, *view.layer_weights, *motifs.layers}
    for layer, activation in network.activations(picture, layers, False, view.pooling):
        if layer == view.content_layer:
            terms["content"] = content_loss(activation, view.content)
        if layer in view.layer_weights:
            comparisons[layer] = layer_comparisons(layer, view.styles, summary_of(activation))
        if layer in motifs.layers:
            motifs.measure(activation, layer)
    if view.styles:
        terms |= style_terms(measured_distances(comparisons), view.layer_weights, view.styles)
    else:
        terms |= dict.fromkeys([*view.layer_weights, "style"], picture.new_zeros(()))
    return terms | motifs.terms() | {"tv": total_variation(picture)}, motifs.found
