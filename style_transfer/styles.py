"""An alias of what `style_transfer.engine` offers for styles, by the name of earlier versions."""

from style_transfer.engine import Styles, masked

__all__ = ["Styles", "masked"]
