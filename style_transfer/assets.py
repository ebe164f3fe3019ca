"""Where the files lie that come with the program: network weights, sample pictures, examples."""

from pathlib import Path

_INSTALLED = Path(__file__).with_suffix("")  # style_transfer/assets, where a wheel has them
_CHECKOUT = Path(__file__).parents[1] / "assets"
_ROOT = _INSTALLED if _INSTALLED.is_dir() else _CHECKOUT


def path(*parts: str) -> Path:
    """Return the path of a file or folder among the assets, such as `path("vgg19")`."""
    return _ROOT.joinpath(*parts)


def thumbnail(sample: Path) -> Path:
    """Return the file of a sample picture at the small size at which the page offers it."""
    return path("thumbnails", f"{sample.stem}.webp")
