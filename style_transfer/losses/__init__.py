"""What the optimisation minimises: functions of tensors, without weights and without state."""

from style_transfer.losses.channel_matrices import Features
from style_transfer.losses.error_maps import error_map
from style_transfer.losses.moments import Moments, moments_slope
from style_transfer.losses.nearest_neighbours import (
    Places,
    drawn_places,
    nearest_places,
    neighbour_distance,
)
from style_transfer.losses.optimal_transport import Shares
from style_transfer.losses.statistics import (
    STATISTICS,
    Statistic,
    Summary,
    statistic_of,
)
from style_transfer.losses.terms import content_loss, temporal_loss, total_variation

__all__ = [
    "STATISTICS",
    "Features",
    "Moments",
    "Places",
    "Shares",
    "Statistic",
    "Summary",
    "content_loss",
    "drawn_places",
    "error_map",
    "moments_slope",
    "nearest_places",
    "neighbour_distance",
    "statistic_of",
    "temporal_loss",
    "total_variation",
]
