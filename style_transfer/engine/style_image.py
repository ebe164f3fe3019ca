"""Style images as pictures are compared with them: size, frame and colours; and places in them."""

from torch import Tensor

from style_transfer.engine.brushes import stroke_mask
from style_transfer.engine.pyramid import image_size, resize_clamped
from style_transfer.engine.strokes import PLACE_RADII, Place, Stroke
from style_transfer.images import MIN_SIDE, Box, fit, match_colors, painted_box
from style_transfer.settings import Settings


def style_picture(image: Tensor, content: Tensor, settings: Settings) -> Tensor:
    """Return a style image as it is compared with pictures of the size of `content` (1, 3, H, W).

    It is at its scale, without its frame and in other colours if that is wanted.
    """
    image = _used(image, settings).cropped(image)
    size = style_image_size(image_size(image), max(image_size(content)), settings.style_scale)
    picture = resize_clamped(image, size)
    return match_colors(picture, content) if settings.match_colors else picture


def place_mask(image: Tensor, place: Place, size: tuple[int, int], settings: Settings) -> Tensor:
    """Return how much each pixel of the `style_picture`, of `size`, belongs to a place.

    (1, 1, H, W) in [0, 1], falling off from the middle of the place to its radius. A place in the
    frame is moved to what is painted.
    """
    box, (x, y, radius) = _used(image, settings), place
    across = _within(x * image.shape[-1], box.left, box.right)
    down = _within(y * image.shape[-2], box.top, box.bottom)
    radius *= max(image_size(image)) / max(box.bottom - box.top, box.right - box.left)
    middle = Stroke("like", ((across, down, 1.0),), min(radius, PLACE_RADII[1]))
    return stroke_mask(middle, size).to(image)


def place_in(image: Tensor, at: tuple[float, float], radius: float, settings: Settings) -> Place:
    """Return the place of a style image that is `at` shares x, y of its `style_picture`."""
    box, (x, y) = _used(image, settings), at
    across = (box.left + x * (box.right - box.left)) / image.shape[-1]
    down = (box.top + y * (box.bottom - box.top)) / image.shape[-2]
    return across, down, radius


def style_image_size(size: tuple[int, int], longer_side: int, scale: float) -> tuple[int, int]:
    """Return the size (height, width) at which a style image of `size` is used.

    `longer_side` is that of the content image. At scale 1 the style image is reduced to it, or
    stays as it is where it is smaller; the scale enlarges or reduces it, and so its strokes, down
    to MIN_SIDE.
    """
    height, width = fit(size, longer_side)
    scale = max(scale, min(1.0, MIN_SIDE / min(height, width)))
    return round(scale * height), round(scale * width)


def _used(image: Tensor, settings: Settings) -> Box:
    """Return the part of a style image that is used."""
    if settings.crop_frame:
        return painted_box(image)
    return Box(0, image.shape[-2], 0, image.shape[-1])


def _within(pixel: float, start: int, end: int) -> float:
    """Return the share of a span at which a pixel lies, 0 or 1 beyond it."""
    return min(max((pixel - start) / (end - start), 0.0), 1.0)
