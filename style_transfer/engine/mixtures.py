"""Mixtures: styles that share places of the picture, whose pixels are whitened together there."""

from collections.abc import Sequence
from dataclasses import replace

from style_transfer.engine.style_terms import AppliedStyle
from style_transfer.losses import PIXEL_STATISTIC, Shares, Summary
from style_transfer.network import PIXELS


class PixelMixture:
    """Targets of the pixels of styles that share places, kept until styles or shares change."""

    def __init__(self) -> None:
        """Begin without any."""
        self._targets: list[Summary] = []  # of each style alone
        self._shares: list[Shares] = []
        self._mixed: list[Summary] = []

    def applied_to(self, styles: Sequence[AppliedStyle]) -> list[AppliedStyle]:
        """Return the styles; those with pixels have targets that are whitened together."""
        having = [style for style in styles if PIXELS in style.targets]
        if len(having) < 2:
            return list(styles)
        self._mix([style.targets[PIXELS].summary for style in having], _shares(having))
        mixed = dict(zip([style.number for style in having], self._mixed, strict=True))
        return [
            _with_pixels(style, mixed[style.number]) if style.number in mixed else style
            for style in styles
        ]

    def _mix(self, targets: list[Summary], shares: list[Shares]) -> None:
        """Compute the targets of a mixture, unless it is the last one."""
        if [*map(id, targets)] != [*map(id, self._targets)] or shares != self._shares:
            self._targets, self._shares = targets, shares
            self._mixed = PIXEL_STATISTIC.mixed(targets, shares)


def _shares(styles: Sequence[AppliedStyle]) -> list[Shares]:
    """Return for each style what part each of the styles has of the places where it applies.

    Styles with the same mask, or with none, have all their places in common; others have their own
    but for soft edges, which do not count.
    """
    rows = list[Shares]()
    for style in styles:
        mask = style.guidance.mask
        there = [each.guidance.share * (each.guidance.mask is mask) for each in styles]
        rows.append(tuple(share / sum(there) for share in there))
    return rows


def _with_pixels(style: AppliedStyle, summary: Summary) -> AppliedStyle:
    pixels = style.targets[PIXELS]._replace(summary=summary)
    return replace(style, targets={**style.targets, PIXELS: pixels})
