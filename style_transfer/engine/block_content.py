"""The content term in blocks."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from style_transfer.devices import precise
from style_transfer.engine.blocks import Block
from style_transfer.engine.evaluator import FeatureExtractor
from style_transfer.settings import Settings

MAX_KEPT = 8  # numbers a pixel: of deep layers features are kept, of shallow ones made at each step


@dataclass
class _Known:
    """What is known of the content image at one layer and by one pooling."""

    key: tuple[object, ...] = ()
    image: Tensor | None = None
    scale: float = 0.0  # mean square of the features
    features: dict[tuple[int, int], Tensor] = field(default_factory=dict)  # (C, n), by place


class BlockContent:
    """Compares blocks of an image with those of the content image, as `content_loss` does."""

    def __init__(self, network: FeatureExtractor) -> None:
        self._network, self._known = network, _Known()

    @torch.no_grad()
    def prepare(self, image: Tensor, blocks: Sequence[Block], settings: Settings) -> None:
        """Look at the content image (1, 3, H, W), unless that was done for the same of all."""
        key = settings.content_layer, settings.pooling, tuple(blocks)
        if self._known.image is image and self._known.key == key:
            return
        self._known = known = _Known(key, image)
        squares, count = 0.0, 0
        for block in blocks:
            features = self._features(block, settings)
            squares += precise(features).square().sum().item()
            count += features.numel()
            if features.numel() <= MAX_KEPT * _pixels(block):
                known.features[block.place] = features
        known.scale = max(squares / max(1, count), torch.finfo(image.dtype).tiny)

    def loss(self, activation: Tensor, block: Block, settings: Settings) -> Tensor:
        """Return the part of the content loss, 0-d, of the block in an activation of its crop."""
        window = block.window(self._network.geometry(settings.content_layer))
        features = window.features(activation)
        target = self._known.features.get(block.place)
        if target is None:
            target = self._features(block, settings)
        count = len(features) * window.count
        return (features - target).square().sum() / (count * self._known.scale)

    @torch.no_grad()
    def _features(self, block: Block, settings: Settings) -> Tensor:
        """Return the features (C, n) of a block of the content image."""
        assert self._known.image is not None
        layer, crop = settings.content_layer, block.cropped(self._known.image)
        found = dict(self._network.activations(crop, [layer], False, settings.pooling))
        return block.window(self._network.geometry(layer)).features(found[layer])


def _pixels(block: Block) -> int:
    rows, columns = block.own
    return (rows.stop - rows.start) * (columns.stop - columns.start)
