"""What the optimisation minimises: functions of tensors, without weights and without state."""

from style_transfer.losses.statistics import STATISTICS, Statistic, Summary, statistic_of
from style_transfer.losses.terms import content_loss, total_variation

__all__ = ["STATISTICS", "Statistic", "Summary", "content_loss", "statistic_of", "total_variation"]
