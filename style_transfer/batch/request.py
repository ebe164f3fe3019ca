"""Request: how pictures are painted and written, the same for all pictures of a batch."""

from dataclasses import dataclass, field
from pathlib import Path

from style_transfer.checks import one_of, whole_number
from style_transfer.engine import INITS, OPTIMIZERS
from style_transfer.images import COLOUR_SPACES, DEPTHS, MIN_SIDE, color_named
from style_transfer.network import NETWORKS
from style_transfer.recipe import MAX_SEED, MAX_SIZE
from style_transfer.settings import Settings

OF_PHOTO = "photo"  # the colour space that the photo's own profile says
SPACES = (*COLOUR_SPACES, OF_PHOTO)
MAX_PAGE = 100_000
MAX_DPI = 100_000


@dataclass(frozen=True)
class Request:
    """What to paint like, in what size, and how the files are to be.

    Raises ValueError, one sentence with the value and what is allowed.
    """

    settings: Settings = field(default_factory=Settings)
    size: int | None = None  # px, the longer side; None: that of the device
    enlarge: bool = False  # whether a smaller photo is enlarged to `size`
    page: int | None = None  # of a TIFF, from 1; None: the first full picture
    mask: Path | None = None  # a picture over the photo, see `masked`
    init: str | Path = INITS[0]  # or the file of a picture, from which all steps go on at full size
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

    def __post_init__(self) -> None:
        if self.size is not None:
            whole_number("size", self.size, MIN_SIDE, MAX_SIZE)
        if self.page is not None:
            whole_number("page", self.page, 1, MAX_PAGE)
        if isinstance(self.init, str):
            one_of("init", self.init, INITS)
        one_of("optimizer", self.optimizer, OPTIMIZERS)
        whole_number("seed", self.seed, 0, MAX_SEED)
        one_of("network", self.network, NETWORKS)
        one_of("depth", str(self.depth), [*map(str, DEPTHS)])
        one_of("color_space", self.color_space, SPACES)
        if self.background is not None:
            color_named(self.background)
        if self.dpi is not None and not 1 <= self.dpi <= MAX_DPI:
            raise ValueError(f"dpi must be from 1 to {MAX_DPI:,}, not {self.dpi}.")
