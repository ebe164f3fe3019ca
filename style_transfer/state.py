"""An alias of what `style_transfer.engine` offers for states, by the name of earlier versions."""

from style_transfer.engine import State

__all__ = ["State"]
