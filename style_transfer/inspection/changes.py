"""What each term of the objective would change next: the slope of the picture's colours."""

from collections.abc import Iterator
from dataclasses import replace

from torch import Tensor

from style_transfer.engine import Objective
from style_transfer.inspection.moment import Moment
from style_transfer.settings import Settings

_OFF = {"alpha": 0.0, "beta": 0.0, "motifs": 0.0, "tv": 0.0}


def color_changes(objective: Objective, moment: Moment, layer: str) -> Iterator[tuple[str, Tensor]]:
    """Yield each term with a weight, and how it changes the picture's colours downhill.

    `moment` is at the size and on the device of `objective`. A change (1, 3, h, w) is the negative
    gradient of the weighted term: "content", "style", "motifs" and "tv" sum to that of the
    objective; "layer" is the part of one style layer. Each costs a step of a run at the most, and
    is computed when it is asked for.
    """
    settings = moment.settings

    def change(**weights: object) -> Tensor:
        only = replace(settings, **(_OFF | weights))  # type: ignore[arg-type]
        return -objective.evaluate(moment.image, only).gradient

    if settings.alpha:
        yield "content", change(alpha=settings.alpha)
    if settings.beta:
        style = change(beta=settings.beta)
        yield "style", style
        if share := _share(settings, layer):
            yield "layer", share * change(beta=settings.beta, style_layers={layer: 1.0})
        if settings.motifs:
            yield "motifs", change(beta=settings.beta, motifs=settings.motifs) - style
    if settings.tv:
        yield "tv", change(tv=settings.tv)


def _share(settings: Settings, layer: str) -> float:
    return settings.style_layers.get(layer, 0.0) / sum(settings.style_layers.values())
