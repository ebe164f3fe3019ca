"""The pass of a style image through the network: whole, or in blocks where it is large."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from style_transfer.engine.blocks import Window, blocks_of
from style_transfer.engine.evaluator import FeatureExtractor
from style_transfer.engine.guidance import position_weights
from style_transfer.engine.pyramid import image_size
from style_transfer.losses import Features, Moments, Places, drawn_places

LARGEST_STYLE = 1536**2  # px of a style image that is looked at as a whole, in 2 GB
BLOCK_SIDE = 1024  # px, of larger ones
WIDENED = 32.0  # positions of the whole painting that are added to those of a place
INNER = 0.25  # of a place's largest weight, from which on motifs are taken: to 0.7 of its radius

# Is given a layer, its features, or moments of them, and what makes places of them.
Add = Callable[[str, Features, Callable[[], Places]], None]


@dataclass(frozen=True)
class StylePass:
    """What is to be found out about a style image (1, 3, h, w)."""

    network: FeatureExtractor
    picture: Tensor
    layers: Collection[str]
    approximate: bool
    pooling: str
    mask: Tensor | None = None  # (1, 1, h, w) in [0, 1], of the place that alone is asked about

    def run(self, costs: Mapping[str, float], add: Add) -> Iterator[float]:
        """Call `add` for each of the layers, and yield what each part of the pass cost.

        `costs` are the multiplications of each convolution that is needed, over the whole image.
        """
        height, width = image_size(self.picture)
        if height * width > LARGEST_STYLE:
            yield from self._in_blocks(sum(costs.values()), add)
            return
        for layer, activation in self._activations(self.picture, costs):
            if layer in self.layers:
                self._add_whole(activation, layer, add)
            yield costs[layer]

    def _add_whole(self, activation: Tensor, layer: str, add: Add) -> None:
        features, weights = activation.squeeze(0), self._weights((*activation.shape[-2:],))
        if weights is None:
            add(layer, features, lambda: Places.of(features))
            return
        part = Moments.of(features, weights).widened(Moments.of(features), WIDENED)
        add(layer, part.to(activation), lambda: Places.of(features, _within(weights)))

    def _weights(self, size: tuple[int, int]) -> Tensor | None:
        """Return the weight (N,) of each position of a layer of `size`, None where all count."""
        return None if self.mask is None else position_weights(self.mask, size)

    def _in_blocks(self, cost: float, add: Add) -> Iterator[float]:
        size, sums = image_size(self.picture), dict[str, _LayerSums]()
        geometries = {layer: self.network.geometry(layer) for layer in self.layers}
        blocks = blocks_of(size, BLOCK_SIDE, geometries.values())
        for block in blocks:
            for layer, activation in self._activations(block.cropped(self.picture), self.layers):
                window = block.window(geometries[layer])
                if layer not in sums:
                    sums[layer] = _LayerSums(window.count, self._weights(window.size))
                sums[layer].add(activation, window)
            yield cost / len(blocks)
        for layer, each in sums.items():
            add(layer, each.found.to(self.picture), each.places)

    def _activations(self, image: Tensor, layers: Collection[str]) -> Iterator[tuple[str, Tensor]]:
        return self.network.activations(image, layers, self.approximate, self.pooling)


class _LayerSums:
    """What is summed of a layer over blocks."""

    moments: Moments
    part: Moments  # of the place, where one is asked about

    def __init__(self, count: int, weights: Tensor | None) -> None:
        """Take the number of positions that the layer has, and the weights (N,) of a place."""
        self._weights = weights
        self._drawn = drawn_places(count, None if weights is None else _within(weights))
        self._rows: Tensor | None = None  # features of the places drawn, (P, C)

    @torch.no_grad()
    def add(self, activation: Tensor, window: Window) -> None:
        features = window.features(activation)
        moments = Moments.of(features)
        own = None if self._weights is None else window.select(self._weights)
        part = moments if own is None else Moments.of(features, own)
        if self._rows is None:
            self._rows = features.new_zeros((len(self._drawn), len(features)))
            self.moments, self.part = moments, part
        else:
            self.moments, self.part = self.moments.joined(moments), self.part.joined(part)
        numbers = torch.full((window.count,), -1, dtype=torch.int32)
        here = torch.arange(features.shape[1], dtype=torch.int32)
        numbers = window.updated(numbers, here)[self._drawn]  # of a drawn place in the window
        found = (numbers >= 0).nonzero().squeeze(1)
        rows = features.T[numbers[found].long().to(features.device)]
        self._rows[found.to(features.device)] = rows

    @property
    def found(self) -> Moments:
        """The moments of the whole layer, or of the place, widened."""
        return self.moments if self._weights is None else self.part.widened(self.moments, WIDENED)

    def places(self) -> Places:
        """Return the places of the layer."""
        assert self._rows is not None
        moments = self.moments.to(self._rows)
        return Places.sampled(self._rows, moments.mean, moments.products.trace())


def _within(weights: Tensor) -> Tensor:
    """Return which positions of weights (N,) motifs of a place are taken from."""
    return weights > INNER * weights.max()
