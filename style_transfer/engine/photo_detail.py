"""The detail of the photo with which a stage begins: no more of it than the paintings have.

A stage begins with the content image's detail at its size. In calm places the objective hardly
minds what of it stays: grain of the photo as a faint checkerboard.
"""

import torch
from torch import Tensor

from style_transfer.engine.pyramid import BaseAt, image_size
from style_transfer.engine.style_image import style_picture
from style_transfer.engine.styles import Styles
from style_transfer.images import resize
from style_transfer.settings import Settings

_LEAST = 1e-12  # mean square of a detail; a plain photo has none


@torch.no_grad()
def calmed(
    base: BaseAt, old: tuple[int, int], size: tuple[int, int], styles: Styles, settings: Settings
) -> BaseAt:
    """Return the content image by size, with less detail at the `size` of a stage that begins.

    `old` is the size (height, width) of the stage before; what the image has beyond that is reduced
    to the share that the paintings have, where they have less. Where beta is below alpha it is
    reduced less by their ratio, and less where the styles apply less.
    """
    if max(size) <= max(old) or not settings.style_share:
        return base
    content = base(size)
    detail = _beyond(content, base(old))
    excess = _excess(detail, max(old) / max(size), content, styles, settings)
    left = detail.mul_(excess).neg_().add_(content)  # in place: a print has hundreds of megabytes
    return lambda wanted: left if wanted == size else base(wanted)


def _beyond(image: Tensor, coarse: Tensor) -> Tensor:
    """Return what an image (1, 3, H, W) has beyond a smaller one of it."""
    return image - resize(coarse, image_size(image))


def _excess(
    detail: Tensor, ratio: float, content: Tensor, styles: Styles, settings: Settings
) -> Tensor:
    """Return the share of the detail, a number or one for each pixel, that the paintings lack.

    It is what the content image has beyond itself reduced by `ratio`.
    """
    energy = detail.square().mean().clamp_min(_LEAST)
    lacking = []
    for image in styles.images:
        picture = style_picture(image.to(content.device), content, settings)
        height, width = (max(1, round(ratio * side)) for side in image_size(picture))
        coarse = resize(picture, (height, width))
        lacking.append(1 - (_beyond(picture, coarse).square().mean() / energy).clamp_max(1))
    weights = settings.shares(len(lacking))
    return settings.style_share * styles.mean_at(image_size(content), lacking, weights)
