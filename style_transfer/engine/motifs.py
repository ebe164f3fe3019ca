"""Motifs: each position of the image is matched with the nearest place of each style image.

A search compares every position with every place. So matches last from one evaluation to the next,
in the run's state, and each evaluation renews a part of them.
"""

from collections.abc import Collection

import torch
from torch import Tensor

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
        self, settings: Settings, styles: Collection[AppliedStyle], matches: Matches
    ) -> None:
        self._styles, self._matches = styles, matches
        wanted = motif_layers(settings)
        self.layers = {n for n in wanted if any(n in style.places for style in styles)}
        self._distances = [list[Tensor]() for _ in styles]
        self._count = int(matches.get(_COUNT, 0))
        counted = torch.tensor(self._count + 1, dtype=torch.int32)
        self.renewed: dict[str, Tensor] = {_COUNT: counted} if self.layers else {}

    def measure(self, activation: Tensor, layer: str) -> None:
        """Match the positions of an activation (1, C, h, w), and take their distances."""
        size = activation.shape[-2], activation.shape[-1]
        features = activation.squeeze(0)
        for style, distances in zip(self._styles, self._distances, strict=True):
            if (places := style.places.get(layer)) is None:  # still to be computed
                continue
            mask = style.guidance.mask
            weights = None if mask is None else position_weights(mask, size)
            name = f"{layer}.{style.number}.{places.fingerprint:08x}"
            found = self._matched(features, places, weights, self._matches.get(name))
            distances.append(neighbour_distance(features, places, found, weights))
            self.renewed[name] = found

    def terms(self) -> dict[str, Tensor]:
        """Return "motifs", 0-d: the mean over the layers, and over the styles by their shares."""
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
        self, features: Tensor, places: Places, weights: Tensor | None, known: Tensor | None
    ) -> Tensor:
        """Return the matches of all positions, renewed where they are due or missing."""
        rows = features.flatten(1).T
        count = len(rows)
        if known is None or len(known) != count:
            known = torch.full((count,), -1, dtype=torch.int32, device=rows.device)
        phases = torch.arange(count, device=rows.device) % PERIOD
        due = (phases == self._count % PERIOD) | (known < 0)
        if weights is not None:
            due &= weights > 0
        at = due.nonzero().squeeze(1)
        return known.index_put((at,), nearest_places(rows[at], places).int())


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
