"""The objective of an image that is evaluated in blocks, in the memory of one of them."""

import math
from collections.abc import Collection, Sequence

import torch
from torch import Tensor

from style_transfer.engine.block_content import BlockContent
from style_transfer.engine.blocks import Block, blocks_of
from style_transfer.engine.evaluator import NO_MATCHES, Evaluation, FeatureExtractor, Matches
from style_transfer.engine.masks import composite
from style_transfer.engine.motifs import MotifSearch, MotifTerm, renewed_matches
from style_transfer.engine.objective import Objective, term_weights
from style_transfer.engine.pyramid import image_size
from style_transfer.engine.style_sums import StyleSums
from style_transfer.engine.style_terms import measured_layers
from style_transfer.engine.styles import Styles
from style_transfer.settings import Settings


class BlockObjective(Objective):
    """Evaluates images as `Objective` does, up to rounding, in two passes over blocks.

    The first one sums the moments of the style's layers. From their sums follow the style loss and
    its derivative by them, and with that each block has its gradient in the second pass. All other
    terms are sums over positions or pixels anyway.
    """

    def __init__(
        self, network: FeatureExtractor, content: Tensor, style: Tensor | Styles, side: int
    ) -> None:
        """Take the content image (1, 3, H, W), and the `side` of blocks in px, see `blocks_of`."""
        super().__init__(network, content, style)
        self._side, self._block_content = side, BlockContent(network)

    def evaluate(
        self, image: Tensor, settings: Settings, matches: Matches = NO_MATCHES
    ) -> Evaluation:
        """Return losses and gradient of `image` (1, 3, H, W), which has the content's shape."""
        image, styles = image.detach(), self._applied_styles(settings)
        weights = term_weights(settings, styles)
        layer_weights = measured_layers(settings.style_layers, styles)
        search = MotifSearch.of(styles, matches)
        motifs = MotifTerm(styles, search)
        layers = {settings.content_layer, *layer_weights, *motifs.layers}
        blocks = blocks_of(image_size(image), self._side, [*map(self._network.geometry, layers)])
        self._block_content.prepare(self.content_target, blocks, settings)
        losses = dict.fromkeys([*layer_weights, "style"], 0.0)
        sums = StyleSums(layer_weights, styles)
        if styles:
            self._add_all(sums, image, blocks, [*layer_weights], settings)
            losses |= sums.differentiate(layer_weights, weights["style"], image)
        gradient, parts = torch.zeros_like(image), list[dict[str, float]]()
        for block in blocks:
            motifs = MotifTerm(styles, search, motifs.found)
            crop = block.cropped(image).detach().requires_grad_()
            with torch.enable_grad():
                terms, slope = self._block_terms(crop, block, settings, sums, layers, motifs)
                weighted = [w * terms[name] for name, w in weights.items() if w and name in terms]
                weighted += [slope] if weights["style"] else []
                if weighted:
                    (found,) = torch.autograd.grad(torch.stack(weighted).sum(), crop)
                    block.cropped(gradient).add_(found)
            values = torch.stack([*terms.values()]).tolist()
            parts.append(dict(zip(terms, values, strict=True)))
        losses |= {name: sum(part[name] for part in parts) for name in parts[0]}
        losses["total"] = sum(w * losses[name] for name, w in weights.items() if name in losses)
        renewed = renewed_matches(styles, matches, motifs.found)
        return Evaluation(losses, gradient, self._targets.stale_layers, renewed)

    def _picture(self, crop: Tensor, block: Block) -> Tensor:
        """Return what the losses are of, in the crop of a block."""
        strength = None if self._strength is None else block.cropped(self._strength)
        return composite(crop, block.cropped(self._content), strength)

    @torch.no_grad()
    def _add_all(
        self,
        sums: StyleSums,
        image: Tensor,
        blocks: Sequence[Block],
        layers: Collection[str],
        settings: Settings,
    ) -> None:
        """Add the moments of all blocks of an image at the layers of its style."""
        for block in blocks:
            picture = self._picture(block.cropped(image), block)
            for layer, activation in self._network.activations(
                picture, layers, False, settings.pooling
            ):
                sums.add(activation, layer, block.window(self._network.geometry(layer)))

    def _block_terms(
        self,
        crop: Tensor,
        block: Block,
        settings: Settings,
        sums: StyleSums,
        layers: Collection[str],
        motifs: MotifTerm,
    ) -> tuple[dict[str, Tensor], Tensor]:
        """Return what a block adds to all terms but the style, and 0 with the style's gradient."""
        picture = self._picture(crop, block)
        terms, slope = dict[str, Tensor](), crop.new_zeros(())
        for layer, activation in self._network.activations(
            picture, layers, False, settings.pooling
        ):
            window = block.window(self._network.geometry(layer))
            if layer == settings.content_layer:
                terms["content"] = self._block_content.loss(activation, block, settings)
            slope = slope + sums.slope(activation, layer, window)
            if layer in motifs.layers:
                motifs.measure(activation, layer, window)
        return terms | motifs.terms() | {"tv": _variation(picture, block)}, slope


def _variation(picture: Tensor, block: Block) -> Tensor:
    """Return the part of the `total_variation` that is of a block, in a picture of its crop."""
    parts = []
    for dim in (-2, -1):
        ends = [own.stop for own in block.own]
        ends[dim] = min(ends[dim] + 1, block.size[dim])
        rows, columns = (
            slice(own.start - crop.start, end - crop.start)
            for own, crop, end in zip(block.own, block.crop, ends, strict=True)
        )
        count = picture.shape[1] * math.prod(block.size) // block.size[dim] * (block.size[dim] - 1)
        parts.append(picture[:, :, rows, columns].diff(dim=dim).square().sum() / count)
    return parts[0] + parts[1]
