"""Neural style transfer that you steer while it paints (Gatys, Ecker and Bethge 2015)."""

__version__ = "0.1.0"
