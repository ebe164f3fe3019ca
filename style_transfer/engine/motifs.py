"""Motifs: each position of the image is matched with the nearest place of each style image.

A search compares every position with every place. So matches last from one evaluation to the next,
in the run's state, and each evaluation renews a part of them.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from style_transfer.engine.blocks import Window
from style_transfer.engine.evaluator import Matches
from style_transfer.engine.guidance import position_weights
from style_transfer.engine.style_terms import AppliedStyle
from style_transfer.engine.tensor_tree import Number
from style_transfer.losses import Places, nearest_places, neighbour_distance

PERIOD = 8  # evaluations until a position is matched anew
_COUNT = "evaluations"  # the entry of `Matches` that counts them, 0-d


@dataclass(frozen=True, eq=False)
class MotifSearch:
    """What the motifs of one evaluation start from. Names are "LAYER.NUMBER", of the style's."""

    known: Mapping[str, Tensor]  # the index of a place for each position, of the evaluation before
    phase: Number  # of positions in turns of PERIOD, which are matched anew
    complete: bool = False  # whether all positions that count are known

    @classmethod
    def of(
        cls, styles: Collection[AppliedStyle], matches: Matches, complete: bool = False
    ) -> "MotifSearch":
        """Return the search that goes on from the matches of the evaluation before.

        It can only be `complete` where each of them is there.
        """
        names = _names(styles)
        known = {name: matches[full] for name, full in names.items() if full in matches}
        phase = float(int(matches.get(_COUNT, 0)) % PERIOD)
        return cls(known, phase, not names or (complete and len(known) == len(names)))


def renewed_matches(
    styles: Collection[AppliedStyle], matches: Matches, found: Mapping[str, Tensor]
) -> Matches:
    """Return the matches for the next evaluation, of those before and what was found in this one.

    By layer, number and places of the style, since other places have other indices.
    """
    if not found:
        return {}
    counted = torch.tensor(int(matches.get(_COUNT, 0)) + 1, dtype=torch.int32)
    names = _names(styles)
    return {_COUNT: counted} | {names[name]: tensor for name, tensor in found.items()}


def _names(styles: Collection[AppliedStyle]) -> dict[str, str]:
    """Return the names of `Matches` by those of `MotifSearch`."""
    return {
        _name(layer, style): f"{_name(layer, style)}.{places.fingerprint:08x}"
        for style in styles
        for layer, places in style.places.items()
    }


def _name(layer: str, style: AppliedStyle) -> str:
    return f"{layer}.{style.number}"


class MotifTerm:
    """The nearest-neighbour term of one evaluation, measured layer by layer.

    It measures the layers that a style has places for. `found` has the index of a place for each
    position, by the names of `MotifSearch`; -1 where none was needed yet.
    """

    def __init__(
        self,
        styles: Collection[AppliedStyle],
        search: MotifSearch,
        found: Mapping[str, Tensor] | None = None,
    ) -> None:
        """Take what was `found` in other parts of the image, if there are any."""
        self._styles, self._search = styles, search
        self.layers = {layer for style in styles for layer in style.places}
        self._distances = [list[Tensor]() for _ in styles]
        self.found = dict(found or {})

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
                weights = features.new_full((), 1 / window.count).expand(features.shape[1])
            else:
                weights = window.select(position_weights(mask, window.size))
            name = _name(layer, style)
            found = self._matched(features, places, weights, window, self._search.known.get(name))
            distances.append(neighbour_distance(features, places, found, weights))
            unknown = found.new_full((1,), -1).expand(window.count)
            self.found[name] = window.updated(self.found.get(name, unknown), found)

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
        at = self._due(found, weights, window)
        return found.index_put((at,), nearest_places(features.T[at], places).int())

    def _due(self, found: Tensor, weights: Tensor, window: Window) -> Tensor:
        """Return which positions of a window are to be matched, (m,)."""
        numbers = window.numbers(found.device)
        if self._search.complete:  # the whole image, and m does not depend on any values
            shifted = numbers[::PERIOD] + self._search.phase
            return shifted.clamp_max(window.count - 1).long()
        due = ((numbers % PERIOD == self._search.phase) | (found < 0)) & (weights > 0)
        return due.nonzero().squeeze(1)


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
