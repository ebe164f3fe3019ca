"""The step-evaluator seam.

What `stylize` calls, and the network interface that an evaluator may use.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from style_transfer.engine.styles import Styles
from style_transfer.settings import Settings


@dataclass(frozen=True)
class Evaluation:
    """Losses of an image, unweighted except "total", and the gradient of the total.

    `losses` has "content", "style", "tv", "total", the style loss of each layer by its name, and
    with several styles that of each as "style 1", "style 2" ...
    """

    losses: dict[str, float]
    gradient: Tensor  # (1, 3, H, W)
    stale_layers: int = 0  # measured with targets of earlier settings, see `Targets.style`

    @property
    def finite(self) -> bool:
        """Whether the optimiser can make a step with this gradient."""
        return bool(self.gradient.isfinite().all()) and self.losses["total"] < float("inf")


class FeatureExtractor(Protocol):
    """Turns an image into features by layer. A layer is anything that has (1, C, h, w) features.

    Those of `VGG` are its activations.
    """

    def activations(
        self,
        image: Tensor,
        layers: Collection[str],
        approximate: bool = False,
        pooling: str = "average",
        /,
    ) -> Iterator[tuple[str, Tensor]]:
        """Yield names and features of `layers` for an image (1, 3, H, W), one after the other.

        `approximate` features will do where no gradient is asked for. `pooling` is that of the
        settings.
        """

    def multiplications(self, pixels: int, layers: Collection[str], /) -> dict[str, float]:
        """Return the cost of `layers` and of the layers they need, for an image of `pixels`."""


class StepEvaluator(Protocol):
    """Computes losses and gradient of an image in one stage of a run."""

    styles: Styles  # assigned to when they change during the run

    def evaluate(self, image: Tensor, settings: Settings) -> Evaluation:
        """Return losses and gradient of `image` (1, 3, H, W), which has the content's shape.

        Neither argument is written to. `settings` may be others in every call.
        """


# Takes the network, the content image (1, 3, H, W) at the size of the stage, and the styles.
EvaluatorFactory = Callable[[FeatureExtractor, Tensor, Styles], StepEvaluator]
