"""Step evaluators: what `stylize` asks for losses and gradients, and what they ask the network."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

from torch import Tensor

from style_transfer.devices import read_later, runs_ahead
from style_transfer.engine.local_style import LocalStyle
from style_transfer.engine.styles import Styles
from style_transfer.network import LayerGeometry
from style_transfer.settings import Settings

# What an evaluator hands to its next evaluation in the same stage, by names of its own: small
# tensors that are never written to. Empty at first; see `MotifTerm`.
Matches = Mapping[str, Tensor]
NO_MATCHES: Matches = MappingProxyType({})


class LossesOnDevice(Mapping[str, float]):
    """Losses by their names, which are waited for when one of them is first asked for."""

    def __init__(self, names: Sequence[str], values: Tensor) -> None:
        """Take the values (n,) on whatever device."""
        self._names, self._read = names, read_later(values)
        self._known: dict[str, float] = {}

    def __getitem__(self, name: str) -> float:
        if not self._known:
            self._known = dict(zip(self._names, self._read(), strict=True))
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def losses_read(names: Sequence[str], values: Tensor) -> Mapping[str, float]:
    """Return losses by their names, of values (n,) that may still be to be computed."""
    if runs_ahead(values.device):
        return LossesOnDevice(names, values)
    return dict(zip(names, values.tolist(), strict=True))


@dataclass(frozen=True)
class Evaluation:
    """Losses of an image, unweighted except "total", and the gradient of the total.

    `losses` has "content", "style", "tv", "total", the style loss of each layer by its name, with
    several styles that of each as "style 1", "style 2" ..., and "motifs" where these are on.
    """

    losses: Mapping[str, float]
    gradient: Tensor  # (1, 3, H, W)
    stale_layers: int = 0  # measured with targets of earlier settings, see `Targets.style`
    matches: Matches = field(default_factory=dict)  # for the next evaluation

    @property
    def finite(self) -> bool:
        """Whether the optimiser can make a step with this gradient."""
        if not self.losses["total"] < float("inf"):
            return False
        # `LossesOnDevice` have no finite total where the gradient is not finite.
        return isinstance(self.losses, LossesOnDevice) or bool(self.gradient.isfinite().all())


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
