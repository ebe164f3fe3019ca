"""Sizes of pictures: which are allowed, and fitting into a longest side."""

MIN_SIDE = 32  # px; relu5_1 has a sixteenth of the side, and statistics need two positions
MAX_STRETCH = 20  # longer side : shorter side
MAX_PIXELS = 100_000_000  # that are decoded; 300 MB


def fit(size: tuple[int, int], max_side: int) -> tuple[int, int]:
    """Return `size` reduced so that its longer side is `max_side`, its shorter at least MIN_SIDE.

    The order of the two sides is kept; a size that fits already comes back as it is.
    """
    ratio = min(1.0, max(max_side / max(size), MIN_SIDE / min(size)))
    return round(size[0] * ratio), round(size[1] * ratio)


def enlarge(size: tuple[int, int], side: int) -> tuple[int, int]:
    """Return `size` with a longer side of `side` where that is larger, else what `fit` returns."""
    if side <= max(size):
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
