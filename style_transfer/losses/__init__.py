"""What the optimisation makes small: pure functions of tensors."""

from style_transfer.losses.statistics import STATISTICS
from style_transfer.losses.terms import content_loss, style_loss, total_variation

__all__ = ["STATISTICS", "content_loss", "style_loss", "total_variation"]
