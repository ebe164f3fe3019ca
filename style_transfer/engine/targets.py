"""Targets at one size: content activations and style summaries, computed on demand and cached."""

import math
from collections.abc import Collection
from functools import partial

import torch
from torch import Tensor

from style_transfer.engine.evaluator import FeatureExtractor
from style_transfer.engine.pyramid import image_size
from style_transfer.engine.style_image import place_mask, style_picture
from style_transfer.engine.style_pass import StylePass
from style_transfer.engine.target_cache import (
    CachedTargets,
    PendingPass,
    SourceKey,
    StyleSource,
    StyleTarget,
    Variant,
    motif_layers,
)
from style_transfer.losses import Places
from style_transfer.settings import Settings

# How much passes over style images may prolong a step, as shares of its own multiplications: a pass
# within the first limit is made at once, a longer one is spread over steps within the second.
_WHOLE_PASS, _PART_OF_PASS = 0.65, 0.3


class Targets:
    """Caches what the image is compared with, so that moving a weight costs no forward pass.

    Another layer or statistic costs one pass over the style images. Of each style image only the
    targets for the newest scale, colour setting and pooling are kept, and the last complete ones.
    """

    def __init__(self, network: FeatureExtractor, content: Tensor, at_once: bool = False) -> None:
        """Take the content image (1, 3, H, W) at the size of the stage.

        With `at_once` no pass is spread over steps: none serves with targets of earlier settings.
        """
        self._content_image = self._content_target = content
        self._at_once = at_once
        self.stale_layers = 0  # layers, of all styles, whose targets are of earlier settings
        self._network = network
        self._step_cost, self._spent = math.inf, 0.0  # multiplications: a step, and passes in it
        self._content: dict[tuple[str, str], Tensor] = {}  # activation by layer and pooling
        self._caches: dict[tuple[SourceKey, Variant], CachedTargets] = {}
        self._complete: dict[SourceKey, CachedTargets] = {}  # when last complete
        self._images: tuple[Tensor, ...] = ()

    @property
    def content_image(self) -> Tensor:
        """The content image (1, 3, H, W); one assigned to it has the same size."""
        return self._content_image

    @content_image.setter
    def content_image(self, image: Tensor) -> None:
        self._content_image = self.content_target = image
        # Style images that were given the colours of the image before have no targets any more.
        self._caches = {key: v for key, v in self._caches.items() if not key[1].colors_matched}
        kept = [*self._caches.values()]
        self._complete = {n: v for n, v in self._complete.items() if v in kept}

    @property
    def content_target(self) -> Tensor:
        """The image (1, 3, H, W) of the `content` activations; the content image at first."""
        return self._content_target

    @content_target.setter
    def content_target(self, image: Tensor) -> None:
        self._content_target, self._content = image, {}

    def begin_step(self, sources: Collection[StyleSource], settings: Settings) -> None:
        """Drop the targets of other sources, content layers, poolings, scales and colours."""
        content = settings.content_layer, settings.pooling
        self._content = {k: v for k, v in self._content.items() if k == content}
        # Held, so that no other tensor gets one of their ids.
        self._images = tuple(source.image for source in sources)
        keys, variant = {source.key for source in sources}, Variant.of(settings)
        self._caches = {k: v for k, v in self._caches.items() if k[0] in keys and k[1] == variant}
        self._complete = {k: v for k, v in self._complete.items() if k in keys}
        self.stale_layers = 0
        pixels = math.prod(image_size(self.content_image))
        layers = {*settings.style_layers, *motif_layers(settings)}
        forward = self._network.multiplications(pixels, layers)
        self._step_cost, self._spent = 2 * sum(forward.values()), 0.0

    @torch.no_grad()
    def content(self, settings: Settings) -> Tensor:
        """Return the activation (1, C, h, w) of the content target at the content layer."""
        key = layer, pooling = settings.content_layer, settings.pooling
        if key not in self._content:
            activations = self._network.activations(self._content_target, [layer], False, pooling)
            self._content[key] = dict(activations)[layer]
        return self._content[key]

    @torch.no_grad()
    def style(self, source: StyleSource, settings: Settings) -> dict[str, StyleTarget]:
        """Return the targets of a source by layer, of one style layer at least.

        A forward pass that would delay the step, as over an enlarged style image, is spread over
        several steps. Until it comes to a layer, its target is the last one that was complete; a
        layer that was not used before has none until then.
        """
        cache = self._caches.setdefault((source.key, Variant.of(settings)), CachedTargets())
        last = self._complete.get(source.key, CachedTargets()).summaries
        if missing := cache.missing(settings):
            known = cache.summaries.keys() | last.keys()
            at_once = self._at_once or known.isdisjoint(settings.style_layers)
            self._continue_pass(cache, source, settings, missing, at_once)
            missing = cache.missing(settings)
        if not missing:
            cache.pending, self._complete[source.key] = None, cache
        self.stale_layers += len(missing)
        found = {n: cache.summaries.get(n) or last.get(n) for n in settings.style_layers}
        return {
            layer: StyleTarget.newest(settings.statistic, summaries)
            for layer, summaries in found.items()
            if summaries
        }

    def places(self, source: StyleSource, settings: Settings) -> dict[str, Places]:
        """Return the places of a source for motifs, by layer; none where these are off.

        They are computed with the style's targets, and may lag behind or be missing as those do.
        """
        cache = self._caches.get((source.key, Variant.of(settings)), CachedTargets())
        found = self._complete.get(source.key, CachedTargets()).places | cache.places
        return {layer: found[layer] for layer in motif_layers(settings) if layer in found}

    def _continue_pass(
        self,
        cache: CachedTargets,
        source: StyleSource,
        settings: Settings,
        missing: set[str],
        at_once: bool,
    ) -> None:
        """Compute `missing` layers, as many as the step has time for."""
        wanted = {*settings.style_layers, *motif_layers(settings)}, settings.statistic
        if cache.pending is None or cache.pending.wanted != wanted:
            picture = style_picture(source.image, self.content_image, settings)
            mask = None
            if source.place:
                mask = place_mask(source.image, source.place, image_size(picture), settings)
            costs = self._network.multiplications(math.prod(image_size(picture)), missing)
            # Approximate where it makes up for the size. At the size of the content it would give
            # the content image in its own style a loss above 0.
            approximate = picture.numel() > self.content_image.numel()
            whole = StylePass(self._network, picture, missing, approximate, settings.pooling, mask)
            layers = whole.run(costs, partial(cache.add, settings=settings))
            cache.pending = PendingPass(wanted, layers, sum(costs.values()))
        pending = cache.pending
        fits = self._spent + pending.remaining <= _WHOLE_PASS * self._step_cost
        limit = math.inf if at_once or fits else _PART_OF_PASS * self._step_cost
        while self._spent < limit and (cost := next(pending.layers, None)) is not None:
            self._spent += cost
            pending.remaining -= cost
