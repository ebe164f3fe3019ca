"""The style loss in blocks: moments summed over blocks, and the gradient that a block has of it."""

from collections.abc import Collection, Mapping
from dataclasses import replace

import torch
from torch import Tensor

from style_transfer.engine.blocks import Window
from style_transfer.engine.guidance import position_weights
from style_transfer.engine.style_terms import (
    AppliedStyle,
    layer_comparisons,
    measured_distances,
    style_terms,
)
from style_transfer.losses import Moments, Statistic, Summary, moments_slope

_Key = tuple[str, int]  # layer, and id of the mask that its positions are weighed by


class StyleSums:
    """The moments of an image by layer and mask, and the style loss as a function of them.

    The image is added block by block, and then the loss is differentiated by its moments. With
    that known, each block has its share of the gradient, as in Galerne, Raad, Lezama and Morel
    2022, "Scaling Painting Style Transfer". The sums are exact, so the gradient is that of the
    whole image.
    """

    def __init__(self, layers: Collection[str], styles: Collection[AppliedStyle]) -> None:
        self._styles = styles
        self._masks = {
            layer: {id(s.guidance.mask): s.guidance.mask for s in styles if layer in s.targets}
            for layer in layers
        }
        self._moments: dict[_Key, Moments] = {}
        self._slopes: dict[_Key, tuple[Tensor, Tensor]] = {}

    @torch.no_grad()
    def add(self, activation: Tensor, layer: str, window: Window) -> None:
        """Add the positions of a window of an activation (1, C, h, w)."""
        features = window.features(activation)
        for number, mask in self._masks[layer].items():
            moments, key = Moments.of(features, _weights(mask, window)), (layer, number)
            known = self._moments.get(key)
            self._moments[key] = known.joined(moments) if known else moments

    def differentiate(
        self, layer_weights: Mapping[str, float], weight: float, like: Tensor
    ) -> dict[str, float]:
        """Return the `style_terms` of all that was added, and keep `weight` times their gradient.

        They are computed in the type of a tensor `like` the features.
        """
        self._moments = {key: _leaf(moments) for key, moments in self._moments.items()}

        def summarizer(layer: str) -> "_Summarizer":
            return _Summarizer(layer, self._moments, like)

        with torch.enable_grad():
            comparisons = {
                layer: layer_comparisons(layer, self._styles, summarizer(layer))
                for layer in layer_weights
            }
            terms = style_terms(measured_distances(comparisons), layer_weights, self._styles)
            if weight:
                self._keep_slopes(weight * terms["style"])
        return dict(zip(terms, torch.stack([*terms.values()]).tolist(), strict=True))

    def slope(self, activation: Tensor, layer: str, window: Window) -> Tensor:
        """Return 0, with the gradient that `differentiate` found, if any by this layer."""
        total = activation.new_zeros(())
        for number, mask in self._masks.get(layer, {}).items():
            if (slopes := self._slopes.get((layer, number))) is None:
                continue
            moments = self._moments[layer, number]
            weights = _weights(mask, window)
            total = total + moments_slope(activation, window.inner, moments, slopes, weights)
        return total

    def _keep_slopes(self, loss: Tensor) -> None:
        leaves = [each for m in self._moments.values() for each in (m.mean, m.covariance)]
        found = torch.autograd.grad(loss, leaves, allow_unused=True, materialize_grads=True)
        pairs = zip(found[::2], found[1::2], strict=True)
        self._slopes = dict(zip(self._moments, pairs, strict=True))
        self._moments = {key: _detached(moments) for key, moments in self._moments.items()}


class _Summarizer:
    """Summarises what was added of a layer, see `layer_comparisons`."""

    def __init__(self, layer: str, moments: Mapping[_Key, Moments], like: Tensor) -> None:
        self._layer, self._moments, self._like = layer, moments, like

    def __call__(self, statistic: Statistic, mask: Tensor | None) -> Summary:
        return statistic.summarize(self._moments[self._layer, id(mask)].to(self._like))


def _weights(mask: Tensor | None, window: Window) -> Tensor | None:
    return None if mask is None else window.select(position_weights(mask, window.size))


def _leaf(moments: Moments) -> Moments:
    mean, covariance = moments.mean.requires_grad_(), moments.covariance.requires_grad_()
    return replace(moments, mean=mean, covariance=covariance)


def _detached(moments: Moments) -> Moments:
    return replace(moments, mean=moments.mean.detach(), covariance=moments.covariance.detach())
