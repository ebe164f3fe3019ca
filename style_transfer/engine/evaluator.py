"""The step-evaluator seam.

What `stylize` calls, and the network interface that an evaluator may use.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

from torch import Tensor

from style_transfer.engine.local_style import LocalStyle
from style_transfer.engine.styles import Styles
from style_transfer.network import LayerGeometry
from style_transfer.settings import Settings

# What an evaluator hands to its next evaluation in the same stage, by names of its own: small
# tensors that are never written to. Empty at first; see `MotifTerm`.
Matches = Mapping[str, Tensor]
NO_MATCHES: Matches = MappingProxyType({})


@dataclass(frozen=True)
class Evaluation:
    """Losses of an image, unweighted except "total", and the gradient of the total.

    `losses` has "content", "style", "tv", "total", the style loss of each layer by its name, with
    several styles that of each as "style 1", "style 2" ..., and "motifs" where these are on.
    """

    losses: dict[str, float]
    gradient: Tensor  # (1, 3, H, W)
    stale_layers: int = 0  # measured with targets of earlier settings, see `Targets.style`
    matches: Matches = field(default_factory=dict)  # for the next evaluation

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

    def geometry(self, layer: str, /) -> LayerGeometry:
        """Return where the positions of a layer lie in the image: asked for in blocks alone."""


class StepEvaluator(Protocol):
    """Computes losses and gradient of an image in one stage of a run."""

    styles: Styles  # assigned to when they change during the run
    local_styles: tuple[LocalStyle, ...]  # none at first; assigned to when strokes change them
    # (1, 3, H, W), whose content the image is to have; assigned to when strokes are held. At first
    # the content image, which what the masks of the styles leave out always is.
    content_target: Tensor

    def evaluate(
        self, image: Tensor, settings: Settings, matches: Matches = NO_MATCHES, /
    ) -> Evaluation:
        """Return losses and gradient of `image` (1, 3, H, W), which has the content's shape.

        No argument is written to. `settings` may be others in every call; `matches` are those of
        the evaluation before, or empty.
        """


# Takes the network, the content image (1, 3, H, W) at the size of the stage, and the styles.
EvaluatorFactory = Callable[[FeatureExtractor, Tensor, Styles], StepEvaluator]
