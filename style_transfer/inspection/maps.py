"""Maps of a compared layer: where content and style differ, and what is most alike."""

from typing import NamedTuple

import torch
from torch import Tensor

from style_transfer.inspection.inspector import ComparedLayer
from style_transfer.losses import Places, error_map
from style_transfer.network import PIXELS


def style_matrix(compared: ComparedLayer, painting: bool = False) -> Tensor:
    """Return what the statistic compares of the picture, or of the painting, as a matrix (C, C).

    Gram matrices, covariances or correlations; of Gaussians the covariances, beside which their
    means are compared, too.
    """
    features = compared.painting if painting else compared.picture
    weights = None if painting else compared.weights
    *mean, matrix = compared.statistic.summarize(features.flatten(1), weights)
    if compared.layer == PIXELS:  # whose summary has second moments
        matrix = matrix - torch.outer(mean[0], mean[0])
    return matrix


def content_map(compared: ComparedLayer) -> Tensor:
    """Return how far each position of the picture is from the photo, (h, w).

    The mean is the content loss at this layer.
    """
    error = (compared.picture - compared.photo).square().mean(0)
    return error / compared.photo.square().mean().clamp_min(torch.finfo(error.dtype).tiny)


def style_map(compared: ComparedLayer) -> Tensor:
    """Return the part of each position in the style loss, (h, w); NaN where it does not count.

    The mean, by the weights where there are any, is the style loss of this layer: see `error_map`.
    """
    flat = compared.picture.flatten(1)
    found = error_map(compared.statistic, flat, compared.target, compared.weights)
    if compared.weights is not None:
        found = found.where(compared.weights > 0, torch.nan)
    return found.view(compared.picture.shape[-2:])


class Place(NamedTuple):
    """A place of the painting, and how like it is to a position of the picture."""

    row: int
    column: int
    likeness: float  # cosine, from -1 to 1
    map: Tensor  # (h', w') of all places


def nearest_place(compared: ComparedLayer, row: int, column: int) -> Place:
    """Return the place of the painting that a position of the picture is most like.

    By the cosine after the painting's mean is taken off, as motifs are compared.
    """
    painting = compared.painting.flatten(1).T
    places = Places.of(compared.painting)
    wanted = compared.picture[:, row, column] - places.mean
    rows = painting - places.mean
    lengths = rows.norm(dim=1).clamp_min(places.min_length)
    likeness = (rows @ wanted) / (lengths * wanted.norm().clamp_min(places.min_length))
    best, width = int(likeness.argmax()), compared.painting.shape[-1]
    found = likeness.view(compared.painting.shape[-2:])
    return Place(best // width, best % width, likeness[best].item(), found)
