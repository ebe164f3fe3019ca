"""Picture files to tensors and back; resampling, colour transfer, time-lapses."""

from style_transfer.images.color_transfer import keep_colors, match_colors
from style_transfer.images.frames import without_frame
from style_transfer.images.resizing import resize
from style_transfer.images.saving import check_format, check_output, save
from style_transfer.images.tensors import to_pil, to_tensor
from style_transfer.images.timelapse import FILM_FORMATS
from style_transfer.picture_files import (
    MAX_PIXELS,
    MIN_SIDE,
    PICTURE_FORMATS,
    fit,
    open_image,
    open_mask,
    read_text,
    size_of,
)

__all__ = [
    "FILM_FORMATS",
    "MAX_PIXELS",
    "MIN_SIDE",
    "PICTURE_FORMATS",
    "check_format",
    "check_output",
    "fit",
    "keep_colors",
    "match_colors",
    "open_image",
    "open_mask",
    "read_text",
    "resize",
    "save",
    "size_of",
    "to_pil",
    "to_tensor",
    "without_frame",
]
