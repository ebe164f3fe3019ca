"""Targets: what photo and paintings ask for at one scale, computed when asked for and kept."""

from collections.abc import Collection

import torch
from torch import Tensor

from style_transfer.colors import match_colors
from style_transfer.images import MIN_SIDE, fit, resize
from style_transfer.settings import Settings
from style_transfer.statistics import STATISTICS
from style_transfer.vgg import VGG

MAX_SIDE = 1536  # px; a painting that is larger than the photo is looked at no larger than this

ByLayer = dict[str, dict[str, Tensor]]  # statistic by layer and name


class Targets:
    """A layer of a picture or another statistic costs one pass, another weight none.

    Of each painting those are kept that belong to the way it was looked at last.
    """

    def __init__(self, network: VGG, photo: Tensor) -> None:
        """Take the photo (1, 3, H, W) at the size of the scale."""
        self.photo = photo
        self._network = network
        self._content: dict[str, Tensor] = {}  # activation by layer
        self._style: dict[tuple[int, float, bool], ByLayer] = {}
        self._paintings: tuple[Tensor, ...] = ()

    @torch.no_grad()
    def content(self, layer: str) -> Tensor:
        """Return the photo's activation (1, C, h, w)."""
        if layer not in self._content:
            self._content |= self._network(self.photo, [layer])
        return self._content[layer]

    @torch.no_grad()
    def style(self, painting: Tensor, settings: Settings) -> ByLayer:
        """Return statistics of a painting (1, 3, h, w) for all style layers of `settings`.

        They are the one that is matched, and "gram".
        """
        look = (id(painting), settings.style_scale, settings.match_colors)
        found = self._style.setdefault(look, {})
        names = {"gram", settings.statistic}
        layers = settings.style_layers
        missing = [layer for layer in layers if not names <= found.get(layer, {}).keys()]
        if missing:
            picture = self._looked_at(painting, settings)
            # Rough to make up for the size; else the photo in its own style would not have loss 0.
            rough = picture.numel() > self.photo.numel()
            for layer, activation in self._network.activations(picture, missing, rough):
                statistics = {name: STATISTICS[name](activation.squeeze(0)) for name in names}
                found[layer] = found.get(layer, {}) | statistics
        return found

    def keep(self, paintings: Collection[Tensor], settings: Settings) -> None:
        """Forget what belongs to other paintings or layers, or to other ways to look at these."""
        self._content = {k: v for k, v in self._content.items() if k == settings.content_layer}
        self._paintings = tuple(paintings)  # held, so that their ids are given to no others
        ids = {id(painting) for painting in paintings}
        look = settings.style_scale, settings.match_colors
        self._style = {k: v for k, v in self._style.items() if k[0] in ids and k[1:] == look}

    def _looked_at(self, painting: Tensor, settings: Settings) -> Tensor:
        size = look_size(_size(painting), max(_size(self.photo)), settings.style_scale)
        picture = resize(painting, size).clamp(0, 1)  # the filter overshoots at edges
        return match_colors(picture, self.photo) if settings.match_colors else picture


def look_size(size: tuple[int, int], longer_side: int, scale: float) -> tuple[int, int]:
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
