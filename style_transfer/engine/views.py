"""Views: what an image is compared with at one size, and what is computed of it by several."""

from collections.abc import Mapping, Sequence
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
from style_transfer.engine.masks import composite
from style_transfer.engine.motifs import MotifSearch, MotifTerm, renewed_matches
from style_transfer.engine.step_graphs import graphs
from style_transfer.engine.style_terms import (
    AppliedStyle,
    Comparisons,
    layer_comparisons,
    measured_distances,
    style_terms,
    summary_of,
)
from style_transfer.engine.tensor_tree import vector
from style_transfer.images import resize
from style_transfer.losses import content_loss, total_variation


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
    shares = vector([view.share for view in views], image)
    values = shares @ torch.stack([torch.stack([each[name] for name in names]) for each in parts])
    if runs_ahead(image.device):  # where nobody looks at the gradient before the next step
        values[-1] = values[-1].where(gradient.isfinite().all(), torch.nan)
    return Computed(names, values, gradient, tuple(found))


def _differentiated(
    network: FeatureExtractor, image: Tensor, view: View
) -> tuple[dict[str, Tensor], Tensor, Mapping[str, Tensor]]:
    """Return the losses at a view, its share of the gradient, and its matches."""
    with torch.enable_grad():
        image = image.detach().requires_grad_()
        terms, found = _terms(network, resize(image, view.size), view)
        # A term without a weight stays out of the graph: it costs no backward pass.
        weighted = [w * terms[name] for name, w in view.weights.items() if name in terms]
        terms["total"] = sum(weighted, start=image.new_zeros(()))
        gradient = torch.zeros_like(image)
        if weighted:
            (gradient,) = torch.autograd.grad(terms["total"], image)
    losses = {name: term.detach() for name, term in terms.items()}
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
