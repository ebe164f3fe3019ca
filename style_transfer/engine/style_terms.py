"""The style loss: distances of layers from the targets of several styles, and their weighted sums.

While targets are computed over several steps, a style may lack some of its layers. Its loss is then
the weighted mean of the layers it has; each style has at least one.
"""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import torch
from torch import Tensor

from style_transfer.devices import CPU, side_by_side
from style_transfer.engine.guidance import Guidance, position_weights
from style_transfer.engine.pyramid import image_size
from style_transfer.engine.target_cache import StyleTarget
from style_transfer.engine.tensor_tree import Number, vector
from style_transfer.losses import Places, Statistic, Summary, statistic_of

Distances = dict[str, list[Tensor | None]]  # by layer, one for each style; None: without a target
Comparison = tuple[Statistic, Summary, Summary]  # what measures, the image's summary, the target
Summarize = Callable[[Statistic, Tensor | None], Summary]  # by a mask (1, 1, H, W), None: uniform
Comparisons = dict[str, list[Comparison | None]]  # as Distances


@dataclass(frozen=True, eq=False)
class AppliedStyle:
    """A style that applies somewhere in the image: its number from 1, where, and its targets.

    Local ones, of places in the paintings, have the numbers after those of all paintings.
    """

    number: int
    guidance: Guidance
    targets: Mapping[str, StyleTarget]  # by layer
    places: Mapping[str, Places] = field(default_factory=dict)  # by layer, for motifs
    is_local: bool = False


def measured_layers(
    weights: Mapping[str, float], styles: Collection[AppliedStyle]
) -> dict[str, float]:
    """Return the layers of `weights` that can be measured: those that any style has a target for.

    Without styles, all layers. Their weights, of which only the ratios matter, are around 1, since
    float32 has neither the smallest nor the squares of the largest.
    """
    if styles:
        weights = {n: w for n, w in weights.items() if any(n in s.targets for s in styles)}
    _, exponent = math.frexp(max(weights.values(), default=1.0))
    return {n: math.ldexp(weight, 1 - exponent) for n, weight in weights.items()}  # exactly


def layer_comparisons(
    layer: str, styles: Collection[AppliedStyle], summarize: Summarize
) -> list[Comparison | None]:
    """Return how the image is compared with the target of each style at a layer.

    `summarize` is given the statistic and the mask of a style.
    """
    summaries, comparisons = dict[tuple[int, str], Summary](), list[Comparison | None]()
    for style in styles:
        if layer not in style.targets:
            comparisons.append(None)
            continue
        name, target = style.targets[layer]
        statistic = statistic_of(layer, name)
        mask = style.guidance.mask
        key = id(mask), name  # styles with the same mask share the summary
        if key not in summaries:
            summaries[key] = summarize(statistic, mask)
        comparisons.append((statistic, summaries[key], target))
    return comparisons


def summary_of(activation: Tensor) -> Summarize:
    """Return what summarises the activation (1, C, h, w) of a whole image."""
    size = image_size(activation)
    # squeeze, not [0]: its gradient keeps the memory layout that the convolutions work in.
    features = activation.squeeze(0)

    def summarize(statistic: Statistic, mask: Tensor | None) -> Summary:
        weights = None if mask is None else position_weights(mask, size)
        return statistic.summarize(features, weights)

    return summarize


def measured_distances(comparisons: Comparisons) -> Distances:
    """Return the distances of all layers and styles; each statistic measures its own at once."""
    pairs = dict[Statistic, list[tuple[Summary, Summary]]]()
    known = [each for row in comparisons.values() for each in row if each is not None]
    for statistic, summary, target in known:
        pairs.setdefault(statistic, []).append((summary, target))
    calls = [partial(statistic.distances, each) for statistic, each in pairs.items()]
    device = known[0][1][0].device if known else CPU
    found = dict(zip(pairs, map(iter, side_by_side(device, calls)), strict=True))
    return {
        layer: [None if each is None else next(found[each[0]]) for each in row]
        for layer, row in comparisons.items()
    }


def style_terms(
    distances: Distances, layer_weights: Mapping[str, Number], styles: Collection[AppliedStyle]
) -> dict[str, Tensor]:
    """Return the style loss of each layer by its name, and "style"; all 0-d tensors.

    "style" is the mean over the layers by their weights and over the styles by their shares. With
    several paintings, "style 1" ... are their own losses. There must be a style, and
    `layer_weights` must name layers of `distances`.
    """
    weights = [*layer_weights.values()]
    rows = [
        _filled([distances[layer][index] for layer in layer_weights], weights)
        for index in range(len(styles))
    ]
    columns = [torch.stack(column) for column in zip(*rows, strict=True)]
    errors = torch.stack(columns).T  # (styles, layers)
    by_layer = vector(weights, errors)
    by_layer = by_layer / by_layer.sum()
    shares = vector([style.guidance.share for style in styles], errors)
    shares = shares / shares.sum()
    by_style = errors @ by_layer
    terms = dict(zip(layer_weights, (shares @ errors).unbind(), strict=True))
    if sum(not style.is_local for style in styles) > 1:
        pairs = zip(styles, by_style.unbind(), strict=True)
        terms |= {f"style {style.number}": each for style, each in pairs if not style.is_local}
    return terms | {"style": shares @ by_style}


def _filled(distances: list[Tensor | None], weights: Sequence[Number]) -> list[Tensor]:
    """Return the distances of one style, those without a target as the mean of the others."""
    known = [(d, w) for d, w in zip(distances, weights, strict=True) if d is not None]
    if len(known) == len(distances):
        return [distance for distance, _ in known]
    by_layer = vector([weight for _, weight in known], known[0][0])
    by_layer = by_layer / by_layer.sum().clamp_min(torch.finfo(by_layer.dtype).tiny)
    mean = torch.stack([distance for distance, _ in known]) @ by_layer
    return [mean if distance is None else distance for distance in distances]
