"""What the network sees of a photo, a painting and a picture, as tensors to draw."""

from style_transfer.inspection.changes import color_changes
from style_transfer.inspection.channels import channel_order, strongest_channels
from style_transfer.inspection.inspector import ComparedLayer, Inspector
from style_transfer.inspection.maps import (
    Place,
    content_map,
    nearest_place,
    style_map,
    style_matrix,
)
from style_transfer.inspection.moment import Moment
from style_transfer.inspection.reconstruction import SOURCES, reconstruction_settings

__all__ = [
    "SOURCES",
    "ComparedLayer",
    "Inspector",
    "Moment",
    "Place",
    "channel_order",
    "color_changes",
    "content_map",
    "nearest_place",
    "reconstruction_settings",
    "strongest_channels",
    "style_map",
    "style_matrix",
]
