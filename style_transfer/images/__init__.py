"""Picture files to tensors and back; resampling, colour transfer, time-lapses."""

from style_transfer.images.color_transfer import keep_colors, match_colors
from style_transfer.images.contact_sheet import save_contact_sheet
from style_transfer.images.painting_frame import Box, painted_box
from style_transfer.images.photos import photo_tensors
from style_transfer.images.resizing import reduced, resize
from style_transfer.images.saving import (
    DEPTHS,
    Export,
    check_depth,
    check_format,
    check_output,
    encoded,
    save,
)
from style_transfer.images.tensors import check_image, from_jpeg, to_jpeg, to_pil, to_tensor
from style_transfer.images.timelapse import TIMELAPSE_FORMATS
from style_transfer.images.transparency import laid_on
from style_transfer.images.video import add_video, even, video_frame
from style_transfer.picture_files import (
    COLOUR_SPACES,
    MAX_PIXELS,
    MIN_SIDE,
    OFFERED,
    PICTURE_FORMATS,
    PRINT_DPI,
    SRGB,
    UPRIGHT,
    ColourSpace,
    Exif,
    Photo,
    color_named,
    fit,
    format_of,
    open_image,
    open_mask,
    open_photo,
    orientation,
    painted_size,
    read_text,
    readable_suffixes,
    size_of,
)

__all__ = [
    "COLOUR_SPACES",
    "DEPTHS",
    "MAX_PIXELS",
    "MIN_SIDE",
    "OFFERED",
    "PICTURE_FORMATS",
    "PRINT_DPI",
    "SRGB",
    "TIMELAPSE_FORMATS",
    "UPRIGHT",
    "Box",
    "ColourSpace",
    "Exif",
    "Export",
    "Photo",
    "add_video",
    "check_depth",
    "check_format",
    "check_image",
    "check_output",
    "color_named",
    "encoded",
    "even",
    "fit",
    "format_of",
    "from_jpeg",
    "keep_colors",
    "laid_on",
    "match_colors",
    "open_image",
    "open_mask",
    "open_photo",
    "orientation",
    "painted_box",
    "painted_size",
    "photo_tensors",
    "read_text",
    "readable_suffixes",
    "reduced",
    "resize",
    "save",
    "save_contact_sheet",
    "size_of",
    "to_jpeg",
    "to_pil",
    "to_tensor",
    "video_frame",
]
