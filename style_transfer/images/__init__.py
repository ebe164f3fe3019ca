"""Picture files to tensors and back; resampling, colour transfer, time-lapses."""

from style_transfer.images.color_transfer import keep_colors, match_colors
from style_transfer.images.formats import PICTURE_FORMATS, read_text
from style_transfer.images.frames import without_frame
from style_transfer.images.reading import MAX_PIXELS, open_image, size_of, to_tensor
from style_transfer.images.resizing import MIN_SIDE, fit, resize
from style_transfer.images.saving import check_output, save, to_pil
from style_transfer.images.timelapse import FILM_FORMATS

__all__ = [
    "FILM_FORMATS",
    "MAX_PIXELS",
    "MIN_SIDE",
    "PICTURE_FORMATS",
    "check_output",
    "fit",
    "keep_colors",
    "match_colors",
    "open_image",
    "read_text",
    "resize",
    "save",
    "size_of",
    "to_pil",
    "to_tensor",
    "without_frame",
]
