"""What is cached of a style image: its targets, and the pass over it that computes them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from torch import Tensor

from style_transfer.engine.strokes import Place
from style_transfer.losses import Features, Places, Summary, statistic_of
from style_transfer.settings import Settings

MOTIF_LAYERS = ("relu3_1", "relu4_1")  # coarse enough for motifs, fine enough for their detail

Summaries = dict[str, dict[str, Summary]]  # by layer and name of the statistic
SourceKey = tuple[int, Place | None]  # id of the style image, and the place in it


class StyleSource(NamedTuple):
    """What targets are of: a style image (1, 3, h, w), or a place in it."""

    image: Tensor
    place: Place | None = None

    @property
    def key(self) -> SourceKey:
        """What tells it from others while the image is held."""
        return id(self.image), self.place


class Variant(NamedTuple):
    """What targets of a style image depend on beside layers and statistic."""

    scale: float
    cropped: bool
    colors_matched: bool
    pooling: str

    @classmethod
    def of(cls, settings: Settings) -> "Variant":
        """Return what `settings` say of it."""
        colors = settings.match_colors
        return cls(settings.style_scale, settings.crop_frame, colors, settings.pooling)


class StyleTarget(NamedTuple):
    """What one layer is compared with."""

    statistic: str  # name in STATISTICS
    summary: Summary

    @classmethod
    def newest(cls, statistic: str, summaries: dict[str, Summary]) -> "StyleTarget":
        """Return the target by the statistic, or by the one that was computed last."""
        name = statistic if statistic in summaries else next(reversed(summaries))
        return cls(name, summaries[name])


@dataclass
class PendingPass:
    """A forward pass over a style image that may be spread over several steps."""

    wanted: tuple[set[str], str]  # layers and statistic
    layers: Iterator[float]  # computes the next layer or block, yields its multiplications
    remaining: float  # multiplications


@dataclass(eq=False)
class CachedTargets:
    """Cached targets of one style image for one scale, colour setting and pooling."""

    summaries: Summaries = field(default_factory=dict)
    places: dict[str, Places] = field(default_factory=dict)  # by layer
    pending: PendingPass | None = None

    def missing(self, settings: Settings) -> set[str]:
        """Return the layers of `settings` that lack its statistic, or places for its motifs."""
        name = settings.statistic
        lacking = {n for n in settings.style_layers if name not in self.summaries.get(n, {})}
        return lacking | {n for n in motif_layers(settings) if n not in self.places}

    def add(
        self, layer: str, features: Features, places: Callable[[], Places], settings: Settings
    ) -> None:
        """Add what `settings` compare of a layer with features (C, h, w) of the style image."""
        name = settings.statistic
        if layer in settings.style_layers and name not in self.summaries.get(layer, {}):
            summary = statistic_of(layer, name).target(features)
            self.summaries[layer] = self.summaries.get(layer, {}) | {name: summary}
        if layer in motif_layers(settings) and layer not in self.places:
            self.places[layer] = places()


def motif_layers(settings: Settings) -> tuple[str, ...]:
    """Return the layers at which motifs are compared, none where they have no weight."""
    return MOTIF_LAYERS if settings.motifs else ()
