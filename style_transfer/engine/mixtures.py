"""Mixtures: styles that share places of the picture, whose distances are made to compare there."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from style_transfer.engine.guidance import Guidance
from style_transfer.engine.style_terms import AppliedStyle
from style_transfer.losses import Shares, Summary, statistic_of

_Key = tuple[str, str]  # a layer, and the name of the statistic it is compared by


@dataclass(frozen=True)
class _Mixture:
    """Targets of one layer that were mixed, and what they were mixed from."""

    alone: list[Summary]  # of each style
    shares: list[Shares]
    mixed: list[Summary]

    def is_of(self, targets: list[Summary], shares: list[Shares]) -> bool:
        """Return whether it is of these very targets and these shares."""
        return [*map(id, self.alone)] == [*map(id, targets)] and self.shares == shares


class Mixtures:
    """The newest targets of styles that share places, kept until styles or shares change."""

    def __init__(self) -> None:
        """Begin without any."""
        self._known: dict[_Key, _Mixture] = {}

    def applied_to(self, styles: Sequence[AppliedStyle]) -> list[AppliedStyle]:
        """Return the styles; those that share places have targets that are mixed there."""
        found, known = [dict(style.targets) for style in styles], dict[_Key, _Mixture]()
        for layer, name in {(n, t.statistic) for style in styles for n, t in style.targets.items()}:
            places = [
                place
                for place, style in enumerate(styles)
                if layer in style.targets and style.targets[layer].statistic == name
            ]
            if len(places) < 2:
                continue
            having = [styles[place] for place in places]
            targets = [style.targets[layer].summary for style in having]
            shares = shared_places([style.guidance for style in having])
            mixture = known[layer, name] = self._mixture((layer, name), targets, shares)
            for place, summary in zip(places, mixture.mixed, strict=True):
                found[place][layer] = found[place][layer]._replace(summary=summary)
        self._known = known
        return [
            replace(style, targets=targets) for style, targets in zip(styles, found, strict=True)
        ]

    def _mixture(self, key: _Key, targets: list[Summary], shares: list[Shares]) -> _Mixture:
        known = self._known.get(key)
        if known and known.is_of(targets, shares):
            return known
        return _Mixture(targets, shares, statistic_of(*key).mixed(targets, shares))


def shared_places(guidance: Sequence[Guidance]) -> list[Shares]:
    """Return for each style what part each of the styles has of the places where it applies.

    Styles with the same mask, or with none, have all their places in common; others have their own
    but for soft edges, which do not count. All have a share of the image.
    """
    rows = list[Shares]()
    for own in guidance:
        there = [each.share * (each.mask is own.mask) for each in guidance]
        rows.append(tuple(share / sum(there) for share in there))
    return rows
