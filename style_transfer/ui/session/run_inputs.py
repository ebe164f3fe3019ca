"""RunInputs: what a run of the page is made from."""

from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from style_transfer.engine import Styles
from style_transfer.recipe import Recipe


@dataclass(frozen=True, eq=False)
class RunInputs:
    """What a run is made from beside its settings."""

    content: Tensor  # (1, 3, H, W), at the size of the result
    styles: Styles  # may be replaced during the run
    content_file: Path  # the content image as a file that browsers show
    recipe: Recipe  # names, size, seed, first image, optimiser, network

    @property
    def tensors(self) -> dict[str, Tensor]:
        """Content image, style images and masks by name."""
        return {"content": self.content} | self.styles.as_tensors()
