"""Sizes of pictures: which are allowed, and fitting into a longest side."""

MIN_SIDE = 32  # px; relu5_1 has a sixteenth of the side, and statistics need two positions
MAX_STRETCH = 20  # longer side : shorter side
PRINT_DPI = 300.0  # pixels an inch, where nothing else is said
MAX_PIXELS = 100_000_000  # that are decoded; 300 MB


def fit(size: tuple[int, int], max_side: int) -> tuple[int, int]:
    """Return `size` reduced so that its longer side is `max_side`, its shorter at least MIN_SIDE.

    The order of the two sides is kept; a size that fits already comes back as it is.
    """
    ratio = min(1.0, max(max_side / max(size), MIN_SIDE / min(size)))
    return round(size[0] * ratio), round(size[1] * ratio)


def painted_size(size: tuple[int, int], side: int, enlarge: bool) -> tuple[int, int]:
    """Return the size of a picture of a photo of `size`, whose longer side is to be `side`.

    It is what `fit` returns, unless a photo that is smaller is to be enlarged.
    """
    if side <= max(size) or not enlarge:
        return fit(size, side)
    return round(size[0] * side / max(size)), round(size[1] * side / max(size))


def check_size(size: tuple[int, int], name: str, most_pixels: int = MAX_PIXELS) -> None:
    """Raise ValueError where a picture of (width, height) px is too small, stretched or large."""
    width, height = size
    shown = f"{name}: {width} x {height} pixels"
    if min(size) < MIN_SIDE:
        raise ValueError(f"{shown} is too small; each side needs at least {MIN_SIDE}.")
    if max(size) > MAX_STRETCH * min(size):
        raise ValueError(f"{shown} is too stretched; at most {MAX_STRETCH}:1 is allowed.")
    if width * height > most_pixels:
        raise ValueError(f"{shown} is too large; at most {most_pixels:,} pixels are allowed.")
