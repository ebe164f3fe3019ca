"""An alias of what `style_transfer.engine` offers for a run, by the name of earlier versions."""

from style_transfer.engine import INITS, DivergedError, Frame, Style, default_size, stylize

__all__ = ["INITS", "DivergedError", "Frame", "Style", "default_size", "stylize"]
