"""What the optimisation minimises: functions of tensors, without weights and without state."""

from style_transfer.losses.error_maps import error_map
from style_transfer.losses.nearest_neighbours import Places, nearest_places, neighbour_distance
from style_transfer.losses.statistics import STATISTICS, Statistic, Summary, statistic_of
from style_transfer.losses.terms import content_loss, total_variation

__all__ = [
    "STATISTICS",
    "Places",
    "Statistic",
    "Summary",
    "content_loss",
    "error_map",
    "nearest_places",
    "neighbour_distance",
    "statistic_of",
    "total_variation",
]
