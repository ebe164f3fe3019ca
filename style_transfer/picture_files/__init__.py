"""Picture files to RGB images, and the text embedded in them; needs Pillow and numpy, no torch."""

from style_transfer.picture_files.formats import PICTURE_FORMATS, QUALITY, read_text
from style_transfer.picture_files.reading import open_image, open_mask, reduce, size_of
from style_transfer.picture_files.sizes import MAX_PIXELS, MIN_SIDE, fit

__all__ = [
    "MAX_PIXELS",
    "MIN_SIDE",
    "PICTURE_FORMATS",
    "QUALITY",
    "fit",
    "open_image",
    "open_mask",
    "read_text",
    "reduce",
    "size_of",
]
