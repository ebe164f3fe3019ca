"""RunInputs: what a run of the page is made from."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from torch import Tensor

from style_transfer.engine import Styles
from style_transfer.recipe import Recipe
from style_transfer.runs import Job, by_name
from style_transfer.settings import Settings


@dataclass(frozen=True)
class PhotoSource:
    """Where a content image comes from, so that it can be read again."""

    file: Path  # the photo as its visitor chose it
    name: str  # of that file, for recipes
    side: int  # px, the longer side that was asked for
    enlarge: bool = False  # whether a smaller photo is enlarged to it


@dataclass(frozen=True, eq=False)
class Origin:
    """What a picture was painted from, but for the photo: large as that may be, its file has it."""

    source: PhotoSource
    styles: Styles
    style_files: tuple[str, ...]
    recipe: Recipe


@dataclass(frozen=True, eq=False)
class RunInputs:
    """What a run is made from beside its settings. A change makes another of them."""

    content: Tensor  # (1, 3, H, W), at the size of the result
    styles: Styles
    photo_file: Path  # from which the content image was read
    recipe: Recipe  # names, size, seed, first image, optimiser, network
    opacity: Tensor | None = None  # (1, 1, H, W) of the photo; None: opaque
    style_files: tuple[str, ...] = ()  # from which the style images were read

    @cached_property
    def tensors(self) -> dict[str, Tensor]:
        """Content image, opacity, style images and masks by name."""
        return by_name(self.content, self.styles, self.opacity)

    @property
    def source(self) -> PhotoSource:
        """Where the content image comes from."""
        recipe = self.recipe
        return PhotoSource(self.photo_file, recipe.photo, recipe.size, recipe.enlarge)

    @cached_property
    def origin(self) -> Origin:
        """What is kept of it with each picture that is painted from it."""
        return Origin(self.source, self.styles, self.style_files, self.recipe)

    def job(self, settings: Settings, **options: Any) -> Job:
        """Return the job of a run from them; `options` are further ones of `Job`."""
        recipe = self.recipe
        chosen: dict[str, Any] = {
            "init": recipe.init,
            "optimizer": recipe.optimizer,
            "seed": recipe.seed,
            "network": recipe.network,
        }
        return Job(self.content, self.styles, settings, **(chosen | options))
