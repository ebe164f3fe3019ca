"""Targets: what photo and paintings ask for at one scale, computed when asked for and kept."""

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor

from style_transfer.images import MIN_SIDE, fit, match_colors, resize
from style_transfer.losses.statistics import STATISTICS
from style_transfer.network.vgg import VGG
from style_transfer.settings import Settings

MAX_SIDE = 1536  # px; a painting that is larger than the photo is looked at no larger than this
# Steps that a run may be held up for by paintings to be looked at otherwise: in whole, or in part.
_WHOLE, _PART = 0.65, 0.3

ByLayer = dict[str, dict[str, Tensor]]  # statistic by layer and name


@dataclass
class _Look:
    """What a painting asks for, looked at in one way; `ahead` is a pass that has not ended."""

    asked: ByLayer = field(default_factory=dict)
    sought: tuple[set[str], set[str]] | None = None  # layers and statistics of the pass
    left: float = 0.0  # multiplications that the pass has still to make
    ahead: Iterator[float] = field(default_factory=lambda: iter(()))  # yields those of each layer


class Targets:
    """A layer of a picture or another statistic costs one pass, another weight none.

    Of each painting those are kept that belong to the way it was looked at last.
    """

    def __init__(self, network: VGG, photo: Tensor) -> None:
        """Take the photo (1, 3, H, W) at the size of the scale."""
        self.photo = photo
        self.stale_layers = (
            0  # layers for which paintings ask in the way that they were looked at before
        )
        self._step, self._spent = math.inf, 0.0  # multiplications of a step, and by passes in it
        self._network = network
        self._content: dict[str, Tensor] = {}  # activation by layer
        self._looks: dict[tuple[int, float, bool], _Look] = {}
        self._before: dict[int, ByLayer] = {}  # of each painting, what it asked for when last whole
        self._paintings: tuple[Tensor, ...] = ()

    @torch.no_grad()
    def content(self, layer: str) -> Tensor:
        """Return the photo's activation (1, C, h, w)."""
        if layer not in self._content:
            self._content |= self._network(self.photo, [layer])
        return self._content[layer]

    @torch.no_grad()
    def style(self, painting: Tensor, settings: Settings) -> ByLayer:
        """Return statistics of a painting (1, 3, h, w) for the style layers of `settings`.

        They are the one that is matched, and "gram". A pass that would hold a run up, as with a
        larger stroke size, is spread over several steps: what it has not come to yet is as it was
        before, so that a layer may have the latter alone, or none may be there for a new one.
        """
        key = id(painting), settings.style_scale, settings.match_colors
        look, before = self._looks.setdefault(key, _Look()), self._before.get(id(painting), {})
        layers, names = set(settings.style_layers), {"gram", settings.statistic}
        missing = _lacking(look.asked, layers, names)
        if missing:
            if look.sought != (layers, names):
                picture = self._looked_at(painting, settings)
                costs = self._network.multiplications(math.prod(_size(picture)), missing)
                look.sought, look.left = (layers, names), sum(costs.values())
                look.ahead = self._pass(picture, costs, missing, names, look.asked)
            whole = self._spent + look.left <= _WHOLE * self._step
            limit = math.inf if layers.isdisjoint(before) else (whole or _PART) * self._step
            while self._spent < limit and (cost := next(look.ahead, None)) is not None:
                self._spent += cost
                look.left -= cost
            missing = _lacking(look.asked, layers, names)
        self.stale_layers += len(missing)
        if missing:
            return look.asked | {layer: before[layer] for layer in missing & before.keys()}
        look.sought, self._before[id(painting)] = None, look.asked
        return look.asked

    def keep(self, paintings: Collection[Tensor], settings: Settings) -> None:
        """Begin a step: forget what belongs to other paintings, layers and ways to look at them."""
        self._content = {k: v for k, v in self._content.items() if k == settings.content_layer}
        self._paintings = tuple(paintings)  # held, so that their ids are given to no others
        ids = {id(painting) for painting in paintings}
        look = settings.style_scale, settings.match_colors
        self._looks = {k: v for k, v in self._looks.items() if k[0] in ids and k[1:] == look}
        self._before = {k: v for k, v in self._before.items() if k in ids}
        self.stale_layers = 0
        one_way = self._network.multiplications(math.prod(_size(self.photo)), settings.style_layers)
        self._step, self._spent = 2 * sum(one_way.values()), 0.0

    def _pass(
        self,
        picture: Tensor,
        costs: dict[str, float],
        layers: set[str],
        names: set[str],
        asked: ByLayer,
    ) -> Iterator[float]:
        """Add to `asked` layer by layer, and yield what it cost to come so far."""
        # Rough to make up for the size; else the photo in its own style would not have loss 0.
        rough = picture.numel() > self.photo.numel()
        for layer, activation in self._network.activations(picture, costs, rough):
            if layer in layers:
                found = {name: STATISTICS[name](activation.squeeze(0)) for name in names}
                asked[layer] = asked.get(layer, {}) | found
            yield costs[layer]

    def _looked_at(self, painting: Tensor, settings: Settings) -> Tensor:
        size = style_image_size(_size(painting), max(_size(self.photo)), settings.style_scale)
        picture = resize(painting, size).clamp(0, 1)  # the filter overshoots at edges
        return match_colors(picture, self.photo) if settings.match_colors else picture


def _lacking(asked: ByLayer, layers: set[str], names: set[str]) -> set[str]:
    return {layer for layer in layers if not names <= asked.get(layer, {}).keys()}


def style_image_size(size: tuple[int, int], longer_side: int, scale: float) -> tuple[int, int]:
    """Return the size at which a painting of `size` is looked at beside a photo of `longer_side`.

    At scale 1 it is as long as the photo, or as it is where it is smaller; its strokes grow and
    shrink with the scale, within MIN_SIDE and MAX_SIDE.
    """
    height, width = fit(size, longer_side)
    scale = min(scale, max(1.0, MAX_SIDE / max(height, width)))
    scale = max(scale, min(1.0, MIN_SIDE / min(height, width)))
    return round(scale * height), round(scale * width)


def _size(image: Tensor) -> tuple[int, int]:
    return image.shape[-2], image.shape[-1]
