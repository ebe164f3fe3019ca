"""Request: how pictures are painted and written, the same for all pictures of a batch."""

from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path
from typing import Any

from style_transfer.checks import number, one_of, path, quoted, whole_number
from style_transfer.engine import INITS, MAX_SEED, OPTIMIZERS, Stroke, check_places
from style_transfer.images import COLOUR_SPACES, DEPTHS, MIN_SIDE, check_depth, color_named
from style_transfer.network import NETWORKS
from style_transfer.recipe import MAX_SIZE
from style_transfer.settings import Settings

OF_PHOTO = "photo"  # the colour space that the photo's own profile says
SPACES = (*COLOUR_SPACES, OF_PHOTO)
MAX_PAGE = 100_000
MAX_DPI = 100_000


@dataclass(frozen=True)
class Request:
    """What to paint like, in what size, and how the files are to be.

    Files may be given as texts. Raises ValueError, one sentence with the value and what is allowed.
    """

    settings: Settings = field(default_factory=Settings)
    size: int | None = None  # px, the longer side; None: that of the device
    enlarge: bool = False  # whether a smaller photo is enlarged to `size`
    page: int | None = None  # of a TIFF, from 1; None: the first full picture
    mask: Path | None = None  # a picture over the photo, see `masked`
    # One of INITS, or the file of a picture, from which all steps go on at full size.
    init: str | Path = INITS[0]
    optimizer: str = next(iter(OPTIMIZERS))
    seed: int = 0
    network: str = NETWORKS[0]
    device: str | None = None  # None: the default one
    depth: int = DEPTHS[0]  # bits a channel
    color_space: str = SPACES[0]
    background: str | None = None  # on which what is transparent is laid; None: kept, where it can
    dpi: float | None = None
    keep_exif: bool = False
    resume: bool = False  # keep a checkpoint beside the output, and go on from the one there
    skip_existing: bool = False  # leave alone what is finished
    strokes: tuple[Stroke, ...] = ()  # on each picture, again at their steps

    def __post_init__(self) -> None:
        if not isinstance(self.settings, Settings):
            raise ValueError(f"settings must be Settings, not {quoted(self.settings)}.")
        if self.size is not None:
            self._set("size", whole_number("size", self.size, MIN_SIDE, MAX_SIZE))
        if self.page is not None:
            self._set("page", whole_number("page", self.page, 1, MAX_PAGE))
        if self.mask is not None:
            self._set("mask", path("mask", self.mask))
        if self.init not in INITS:
            self._set("init", _picture(self.init))
        one_of("optimizer", self.optimizer, OPTIMIZERS)
        self._set("seed", whole_number("seed", self.seed, 0, MAX_SEED))
        one_of("network", self.network, NETWORKS)
        check_depth(self.depth)
        one_of("color_space", self.color_space, SPACES)
        for name in ("device", "background"):
            if not isinstance(value := getattr(self, name), str | None):
                raise ValueError(f"{name} must be a text, not {quoted(value)}.")
        if self.device == "":
            raise ValueError("device must be the name of one, not ''.")
        if self.background is not None:
            color_named(self.background)
        if self.dpi is not None:
            self._set("dpi", checked_dpi(self.dpi))
        for name in ("enlarge", "keep_exif", "resume", "skip_existing"):
            if not isinstance(value := getattr(self, name), bool):
                raise ValueError(f"{name} must be True or False, not {quoted(value)}.")

        self._set("strokes", _in_order(self.strokes))

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)  # as it is written, frozen


def checked_dpi(value: Any) -> float:
    """Return pixels an inch as a float. Raises ValueError, one sentence."""
    dpi = number("dpi", value)
    if not 1 <= dpi <= MAX_DPI:
        raise ValueError(f"dpi must be from 1 to {MAX_DPI:,}, not {dpi:g}.")
    return dpi


def _picture(init: Any) -> Path:
    if not isinstance(init, str | PathLike) or not Path(init).is_file():
        shown = str(init) if isinstance(init, PathLike) else init
        raise ValueError(
            f"init {quoted(shown)} is not one of {', '.join(INITS)}, nor is it a file."
        )
    return Path(init)


def _in_order(strokes: Any) -> tuple[Stroke, ...]:
    """Return strokes in the order in which they are done, numbered so."""
    if not isinstance(strokes, list | tuple) or not all(isinstance(s, Stroke) for s in strokes):
        raise ValueError(f"strokes must be a list of Stroke, not {quoted(strokes)}.")
    check_places(strokes)
    in_order = sorted(strokes, key=lambda stroke: stroke.step)
    return tuple(replace(stroke, number=number) for number, stroke in enumerate(in_order, 1))
