"""Motifs: each position of the image is matched with the nearest place of each style image.

A search compares every position with every place. So matches last from one evaluation to the next,
in the run's state, and each evaluation renews a part of them.
"""

from collections.abc import Collection

import torch
from torch import Tensor

from style_transfer.engine.blocks import Window
from style_transfer.engine.evaluator import Matches
from style_transfer.engine.masks import position_weights
from style_transfer.engine.style_terms import AppliedStyle
from style_transfer.engine.targets import motif_layers
from style_transfer.losses import Places, nearest_places, neighbour_distance
from style_transfer.settings import Settings

PERIOD = 8  # evaluations until a position is matched anew
_COUNT = "evaluations"  # the entry of `Matches` that counts them, 0-d


class MotifTerm:
    """The nearest-neighbour term of one evaluation, measured layer by layer; nothing where off.

    `matches` are those of the evaluation before, and `renewed` those of this one: by layer, number
    and places of the style, the index of a place for each position, -1 where none was needed yet.
    Places that were not compared with before are searched for every position.
    """

    def __init__(
        self,
        settings: Settings,
        styles: Collection[AppliedStyle],
        matches: Matches,
        renewed: Matches | None = None,
    ) -> None:
        """Take the matches of other parts of the image as `renewed`, if there are any."""
        self._styles, self._matches = styles, matches
        wanted = motif_layers(settings)
        self.layers = {n for n in wanted if any(n in style.places for style in styles)}
        self._distances = [list[Tensor]() for _ in styles]
        self._count = int(matches.get(_COUNT, 0))
        counted = torch.tensor(self._count + 1, dtype=torch.int32)
        self.renewed = dict(renewed or {}) | ({_COUNT: counted} if self.layers else {})

    def measure(self, activation: Tensor, layer: str, window: Window | None = None) -> None:
        """Match the positions of an activation (1, C, h, w), and take their distances.

        By default it is that of the whole image.
        """
        window = window or Window.of(activation)
        features = window.features(activation)
        for style, distances in zip(self._styles, self._distances, strict=True):
            if (places := style.places.get(layer)) is None:  # still to be computed
                continue
            mask = style.guidance.mask
            if mask is None:
                weights = features.new_tensor(1 / window.count).expand(features.shape[1])
            else:
                weights = window.select(position_weights(mask, window.size))
            name = f"{layer}.{style.number}.{places.fingerprint:08x}"
            found = self._matched(features, places, weights, window, self._matches.get(name))
            distances.append(neighbour_distance(features, places, found, weights))
            unknown = found.new_full((1,), -1).expand(window.count)
            self.renewed[name] = window.updated(self.renewed.get(name, unknown), found)

    def terms(self) -> dict[str, Tensor]:
        """Return "motifs", 0-d: the mean over the layers, and over the styles by their shares.

        It is the part that the positions measured contribute.
        """
        measured = [
            (style.guidance.share, torch.stack(distances).mean())
            for style, distances in zip(self._styles, self._distances, strict=True)
            if distances
        ]
        if not measured:
            return {}
        covered = sum(share for share, _ in measured)
        return {"motifs": torch.stack([d * (share / covered) for share, d in measured]).sum()}

    @torch.no_grad()
    def _matched(
        self,
        features: Tensor,
        places: Places,
        weights: Tensor,
        window: Window,
        known: Tensor | None,
    ) -> Tensor:
        """Return the matches of positions with features (C, n), renewed where due or missing."""
        if known is None or len(known) != window.count:
            found = torch.full_like(weights, -1, dtype=torch.int32)
        else:
            found = window.select(known)
        phases = window.numbers(features.device) % PERIOD
        due = ((phases == self._count % PERIOD) | (found < 0)) & (weights > 0)
        at = due.nonzero().squeeze(1)
        return found.index_put((at,), nearest_places(features.T[at], places).int())


def split_matches(matches: Matches, count: int) -> list[Matches]:
    """Return the matches of each of so many views that `join_matches` joined."""
    views: list[dict[str, Tensor]] = [{} for _ in range(count)]
    for name, tensor in matches.items():
        number, _, rest = name.partition(".")
        views[int(number)][rest] = tensor
    return list(views)


def join_matches(views: Collection[Matches]) -> Matches:
    """Return the matches of several views in one mapping."""
    return {f"{n}.{name}": tensor for n, view in enumerate(views) for name, tensor in view.items()}
