"""Channels of a layer in an order in which structure is seen, and those that say most."""

import torch
from torch import Tensor

from style_transfer.losses import STATISTICS


def channel_order(features: Tensor) -> list[int]:
    """Return the channels of features (C, h, w) so that those that vary together are neighbours.

    By the size of their correlation: the leaves of a tree of clusters, in the order of the least
    distances of neighbours. Bar-Joseph, Gifford and Jaakkola 2001, "Fast optimal leaf ordering for
    hierarchical clustering".
    """
    # Imported when first wanted: the page does without for most of its visitors.
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    (correlation,) = STATISTICS["correlation"].summarize(features.flatten(1))
    distance = (1 - correlation.abs().double()).clamp_min(0).cpu()
    if len(distance) < 3:
        return list(range(len(distance)))
    condensed = squareform(distance.fill_diagonal_(0).numpy(), checks=False)
    tree = linkage(condensed, "average", optimal_ordering=True)
    return [int(channel) for channel in leaves_list(tree)]


def strongest_channels(photo: Tensor, painting: Tensor, count: int) -> list[int]:
    """Return the channels of features (C, h, w) that are strongest in photo and painting.

    By the mean of both shares of all activation; they do not change while a picture is painted.
    """
    strength = torch.stack([each.abs().flatten(1).mean(1) for each in (photo, painting)])
    shares = strength / strength.sum(1, keepdim=True).clamp_min(torch.finfo(strength.dtype).tiny)
    found: list[int] = shares.sum(0).topk(min(count, shares.shape[1])).indices.tolist()
    return found
