"""Inspector: features of photo, painting and picture at a layer, as the objective has them."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from style_transfer.checks import one_of, whole_number
from style_transfer.engine import (
    LARGEST_STYLE,
    FeatureExtractor,
    Guidance,
    Objective,
    StrokedContent,
    Variant,
    composite,
    image_size,
    in_effect,
    local_styles,
    position_weights,
    resize_clamped,
    shared_places,
    spatial_guidance,
    style_picture,
    style_weight_map,
    with_regions,
)
from style_transfer.inspection.moment import Moment
from style_transfer.losses import Statistic, Summary, statistic_of
from style_transfer.network import LAYERS, PIXELS
from style_transfer.settings import Settings

_numbers = itertools.count(1)  # of paintings and layers that were looked at


@dataclass(frozen=True, eq=False)
class ComparedLayer:
    """A layer of photo, painting and picture, and where the painting counts in the picture."""

    layer: str
    settings: Settings
    photo: Tensor  # features (C, h, w), with what strokes hold on it
    painting: Tensor  # features (C, h', w')
    picture: Tensor  # features (C, h, w)
    weights: Tensor | None  # of the positions of the picture, (h * w,); None: all alike
    target: Summary  # of the painting
    painting_image: Tensor  # (1, 3, H', W'), as it is compared
    picture_image: Tensor  # (1, 3, H, W)
    painting_number: int  # the same for the same painting and layer, compared alike
    style: int  # number of the painting, from 1
    style_image: Tensor  # (1, 3, H", W"), the painting as it was given

    @property
    def statistic(self) -> Statistic:
        """What compares painting and picture."""
        return statistic_of(self.layer, self.settings.statistic)

    def distance(self) -> float:
        """Return the style loss of this layer and painting."""
        summary = self.statistic.summarize(self.picture.flatten(1), self.weights)
        return self.statistic.distances([(summary, self.target)])[0].item()


class _Kept(NamedTuple):
    """Features of a photo or a painting, and what they belong to."""

    key: tuple[object, ...]
    image: Tensor  # that went through the network
    features: Tensor  # (C, h, w)
    sources: tuple[Tensor, ...]  # held, so that no other tensors get their ids
    number: int = 0


class _Target(NamedTuple):
    """What a painting is compared by at a layer."""

    summary: Summary
    sources: tuple[Tensor, ...]  # held, as those of `_Kept`


class Inspector:
    """Looks at moments of a run, one layer at a time; keeps the newest photo and painting.

    So looking again at the same layer costs one pass of the picture alone.
    """

    def __init__(self, network: FeatureExtractor, device: torch.device) -> None:
        """Look through `network`, which is on `device`."""
        self._network, self._device = network, device
        self._photo: _Kept | None = None
        self._painting: _Kept | None = None
        self._targets: dict[tuple[object, ...], _Target] = {}  # of the paintings compared last
        self._objective: tuple[tuple[object, ...], Objective] | None = None
        self._stroked: tuple[Tensor, StrokedContent] | None = None  # of the content that is first

    @torch.no_grad()
    def compare(self, moment: Moment, layer: str, style: int = 1) -> ComparedLayer:
        """Return a layer of a moment, compared with its painting number `style`, from 1.

        Raises ValueError, one sentence, for a layer or a style that is not there, and for one that
        is enlarged so far that its features would take more memory than a step of a run.
        """
        one_of("layer", layer, (PIXELS, *LAYERS))
        count = len(moment.styles.images)
        whole_number("painting", style, 1, count)
        here, settings, size = moment.at(self._device), moment.settings, moment.size
        strength = here.styles.strength_at(size)
        masks = here.styles.style_masks_at(size)
        weights = style_weight_map(strength)
        guidance = spatial_guidance(settings.shares(count), weights, masks)
        regions = [
            each.region(size).to(self._device)
            for each in local_styles(moment.strokes)
            if each.style <= count
        ]
        guidance, _ = with_regions(guidance, regions, weights)
        target = self._compared_with(moment, here, layer, style, guidance)
        painting = self._painted(moment, here, layer, style)
        picture_image = composite(here.image, here.content, strength)
        picture = self._features(picture_image, layer, settings)
        mask = guidance[style - 1].mask
        return ComparedLayer(
            layer,
            settings,
            self._photographed(moment, layer),
            painting.features,
            picture,
            None if mask is None else position_weights(mask, image_size(picture)),
            target,
            painting.image,
            picture_image,
            painting.number,
            style,
            moment.styles.images[style - 1],
        )

    def objective(self, moment: Moment) -> tuple[Objective, Moment]:
        """Return the objective of a moment at its size, and the moment there."""
        here, sizes = moment.at(self._device), (image_size(moment.image), moment.size)
        key = moment.content, moment.styles, sizes
        if self._objective is None or not _same(self._objective[0], key):
            # At once: terms are evaluated in turn, which would begin a pass over and over.
            objective = Objective(self._network, here.content, here.styles, at_once=True)
            self._objective = key, objective
        self._objective[1].content_target = self._content_target(moment)
        self._objective[1].local_styles = local_styles(moment.strokes)
        return self._objective[1], here

    def _features(self, image: Tensor, layer: str, settings: Settings) -> Tensor:
        found = dict(self._network.activations(image, [layer], False, settings.pooling))
        return found[layer].squeeze(0)

    def _photographed(self, moment: Moment, layer: str) -> Tensor:
        strokes, pooling = in_effect(moment.strokes), moment.settings.pooling
        key = id(moment.content), image_size(moment.image), moment.size, strokes, layer, pooling
        if self._photo is None or self._photo.key != key:
            image = self._content_target(moment)
            features = self._features(image, layer, moment.settings)
            self._photo = _Kept(key, image, features, (moment.content,))
        return self._photo.features

    def _content_target(self, moment: Moment) -> Tensor:
        """Return what the content is compared with: the photo, with what strokes hold on it.

        They are done at the size of the picture, as in a run.
        """
        if self._stroked is None or self._stroked[0] is not moment.content:
            self._stroked = moment.content, StrokedContent(moment.content.to(self._device))
        held = self._stroked[1].held(image_size(moment.image), moment.strokes)
        return resize_clamped(held, moment.size)

    @staticmethod
    def _painting_key(moment: Moment, layer: str, style: int) -> tuple[object, ...]:
        settings, source = moment.settings, moment.styles.images[style - 1]
        matched = id(moment.content) if settings.match_colors else 0
        return id(source), matched, moment.size, layer, Variant.of(settings)

    def _painted(self, moment: Moment, here: Moment, layer: str, style: int) -> _Kept:
        settings, source = moment.settings, moment.styles.images[style - 1]
        key = self._painting_key(moment, layer, style)
        if self._painting is None or self._painting.key != key:
            image = style_picture(here.styles.images[style - 1], here.content, settings)
            if math.prod(image_size(image)) > LARGEST_STYLE:  # a run goes through it in blocks
                height, width = image_size(image)
                raise ValueError(
                    f"At this stroke size the painting has {width} x {height} pixels, too many to "
                    "look at; choose a smaller one."
                )
            features = self._features(image, layer, settings)
            sources = source, moment.content
            self._painting = _Kept(key, image, features, sources, next(_numbers))
        return self._painting

    def _compared_with(
        self, moment: Moment, here: Moment, layer: str, style: int, guidance: Sequence[Guidance]
    ) -> Summary:
        """Return the target of a style, mixed with those of the styles that share its places.

        Its own features are made last, and so are those that are kept.
        """
        settings, own = moment.settings, guidance[style - 1]
        mixes = settings.even_mixture and own.share
        together = [
            n for n, g in enumerate(guidance, 1) if mixes and g.share and g.mask is own.mask
        ]
        numbers = [*(number for number in together if number != style), style]
        keys = [(*self._painting_key(moment, layer, n), settings.statistic) for n in numbers]
        used = {key: found for key in keys if (found := self._targets.get(key))}
        for key, number in zip(keys, numbers, strict=True):
            if key not in used:
                used[key] = self._target(moment, here, layer, number)
        self._targets = used
        targets = [used[key].summary for key in keys]
        if not mixes:
            return targets[-1]
        shares = shared_places([guidance[number - 1] for number in numbers])
        return statistic_of(layer, settings.statistic).mixed(targets, shares)[-1]

    def _target(self, moment: Moment, here: Moment, layer: str, style: int) -> _Target:
        painting = self._painted(moment, here, layer, style)
        statistic = statistic_of(layer, moment.settings.statistic)
        return _Target(statistic.target(painting.features.flatten(1)), painting.sources)


def _same(one: tuple[object, ...], other: tuple[object, ...]) -> bool:
    """Return whether the first two are the same objects and the third is equal."""
    return one[0] is other[0] and one[1] is other[1] and one[2] == other[2]
