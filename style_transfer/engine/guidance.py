"""Spatial guidance: the share that each style has of the image, of its pixels and of positions.

Gatys et al. 2017, "Controlling Perceptual Factors in Neural Style Transfer", section 4. Masks are
(1, 1, H, W) in [0, 1], at the size of the image.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Guidance:
    """Where one style applies: its share of the whole image, and of each pixel."""

    share: float  # mean of the mask
    mask: Tensor | None = None  # (1, 1, H, W); None: uniform


def spatial_guidance(
    shares: Sequence[float], weight_map: Tensor | None, style_masks: Sequence[Tensor] | None
) -> list[Guidance]:
    """Return where each style applies, from its share, the weight of each pixel and its mask.

    `shares` sum to 1; `weight_map` is the factor of beta, None for 1. Where masks overlap, `shares`
    divide the pixel among the styles; where no mask reaches, the style loss sees nothing. Styles
    that apply to the same pixels get the same mask object.
    """
    if style_masks is None:
        if weight_map is None:
            return [Guidance(share) for share in shares]
        covered = weight_map.mean().item()
        return [Guidance(share * covered, weight_map) for share in shares]
    weighted = [share * mask for share, mask in zip(shares, style_masks, strict=True)]
    total = torch.stack(weighted).sum(0)
    covers = (total > 0) if weight_map is None else (total > 0) * weight_map
    masks = [covers * each / total.clamp_min(torch.finfo(total.dtype).tiny) for each in weighted]
    return [Guidance(mask.mean().item(), mask) for mask in masks]


def with_regions(
    guidance: Sequence[Guidance], regions: Sequence[Tensor], weight_map: Tensor | None
) -> tuple[list[Guidance], list[Guidance]]:
    """Return where styles apply beside regions (1, 1, H, W), and where the styles of these do.

    Where regions overlap, they share the pixel. What the strength leaves out counts for neither.
    """
    if not regions:
        return list(guidance), []
    total = torch.stack(list(regions)).sum(0)
    rest, scale = 1 - total.clamp_max(1), total.clamp_min(1)
    # Styles with the same mask go on having one.
    masks = {id(each.mask): rest if each.mask is None else rest * each.mask for each in guidance}
    beside = []
    for each in guidance:
        mask, share = masks[id(each.mask)], each.share
        if share:
            whole = 1.0 if each.mask is None else each.mask.mean().item()
            share *= mask.mean().item() / whole
        beside.append(Guidance(share, mask))
    weights = 1 if weight_map is None else weight_map
    own = [weights * region / scale for region in regions]
    return beside, [Guidance(mask.mean().item(), mask) for mask in own]


def position_weights(mask: Tensor, size: tuple[int, int]) -> Tensor:
    """Return the weight of each position of a layer of `size` (height, width), (N,).

    The weights sum to 1, or are all 0 where the mask is.
    """
    weights = F.adaptive_avg_pool2d(mask, size).flatten()
    return weights / weights.sum().clamp_min(torch.finfo(weights.dtype).tiny)
