"""Picture files to RGB images and back, and what is embedded in them.

Needs Pillow and numpy, no torch.
"""

from style_transfer.picture_files.colours import color_named
from style_transfer.picture_files.encoding import encode
from style_transfer.picture_files.exif import Exif
from style_transfer.picture_files.formats import (
    OFFERED,
    PICTURE_FORMATS,
    QUALITY,
    Metadata,
    format_of,
    read_text,
)
from style_transfer.picture_files.opening import UPRIGHT, orientation, readable_suffixes
from style_transfer.picture_files.photo import Photo, open_photo
from style_transfer.picture_files.profiles import COLOUR_SPACES, SRGB, ColourSpace
from style_transfer.picture_files.reading import open_image, open_mask, reduce, size_of, survey
from style_transfer.picture_files.sizes import MAX_PIXELS, MIN_SIDE, PRINT_DPI, fit, painted_size

__all__ = [
    "COLOUR_SPACES",
    "MAX_PIXELS",
    "MIN_SIDE",
    "OFFERED",
    "PICTURE_FORMATS",
    "PRINT_DPI",
    "QUALITY",
    "SRGB",
    "UPRIGHT",
    "ColourSpace",
    "Exif",
    "Metadata",
    "Photo",
    "color_named",
    "encode",
    "fit",
    "format_of",
    "open_image",
    "open_mask",
    "open_photo",
    "orientation",
    "painted_size",
    "read_text",
    "readable_suffixes",
    "reduce",
    "size_of",
    "survey",
]
