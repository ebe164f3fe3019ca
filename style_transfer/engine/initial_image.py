"""The image that a run starts from."""

import torch
from torch import Tensor

from style_transfer.engine.pyramid import image_size, resize_clamped
from style_transfer.engine.styles import Styles
from style_transfer.images import fit, match_colors
from style_transfer.settings import Settings

INITS = ("content", "noise", "style")
MAX_SEED = 2**53 - 1  # the largest whole number that every reader of JSON keeps exactly
_LEVEL = 1 / 255  # of a picture in a file
_SAMPLE_SIDE = 256  # px, longer side at which colours of a style image are looked at


def is_from_content(init: object) -> bool:
    """Return whether a run with this `init` begins with the content image, or what was made of it.

    Any image of an earlier run counts as made of it.
    """
    return not isinstance(init, str) or init == "content"


@torch.no_grad()  # of images that ask for gradients, or every frame would hold those before it
def initial_image(
    init: str | Tensor,
    content: Tensor,
    styles: Styles,
    size: tuple[int, int],
    seed: int,
    settings: Settings,
) -> Tensor:
    """Return the image (1, 3, H, W) that a run starts from, on the device of `content`.

    It has the `size` (height, width) of the first stage; an image of an earlier run that of
    `content`. For the kinds see `stylize`.
    """
    if isinstance(init, Tensor):  # at the final size, so that the user sees it unchanged
        return resize_clamped(init.to(content.device), image_size(content))
    if init == "noise":
        noise = torch.randn((1, 3, *size), generator=torch.Generator().manual_seed(seed))
        return (0.5 + 0.1 * noise).clamp(0, 1).to(content.device)
    if init == "style":
        return resize_clamped(styles.images[0].to(content.device), size)
    start = with_palette(resize_clamped(content, size), styles, settings)
    if _is_plain(content) and settings.beta:
        # Nothing but the borders and the network's grid tells one place from another, so that the
        # paint would repeat itself along them. Less than rounding, and enough to prevent it.
        noise = torch.rand((1, 3, *size), generator=torch.Generator().manual_seed(seed)) - 0.5
        start = (start + _LEVEL * noise.to(start.device)).clamp(0, 1)
    return start


def _is_plain(image: Tensor) -> bool:
    """Return whether an image is of one colour, but for less than a level."""
    low, high = image.flatten(2).aminmax(dim=2)
    return bool((high - low).max() < _LEVEL)


def with_palette(content: Tensor, styles: Styles, settings: Settings) -> Tensor:
    """Return the content image (1, 3, H, W) with the mean and covariance of its styles' colours.

    Differs from Gatys et al. 2015, where it keeps its own: most of the first steps would be spent
    on the colours. Where beta is below alpha the colours move by their ratio, and at a beta of 0,
    or if the style images are given the photo's colours, not at all.
    """
    if not settings.beta or settings.match_colors:
        return content
    shifts = [_shift(content, image) for image in styles.images]
    shift = styles.mean_at(image_size(content), shifts, settings.shares(len(shifts)))
    return (content + settings.style_share * shift).clamp(0, 1)  # rounding may leave that range


def _shift(content: Tensor, style_image: Tensor) -> Tensor:
    small = resize_clamped(
        style_image.to(content.device), fit(image_size(style_image), _SAMPLE_SIDE)
    )
    return match_colors(content, small) - content
