"""Mixtures of styles that share places, and of those that have their own."""

from dataclasses import replace

import pytest
import torch

from style_transfer.engine import Styles, stylize
from style_transfer.engine.guidance import Guidance
from style_transfer.engine.mixtures import PixelMixture
from style_transfer.engine.style_terms import AppliedStyle
from style_transfer.engine.target_cache import StyleTarget
from style_transfer.losses import PIXEL_STATISTIC
from style_transfer.network import PIXELS
from style_transfer.settings import Settings
from tests.conftest import smooth_picture

SETTINGS = Settings(steps=12, beta=20, alpha=0, style_layers=[PIXELS], motifs=0, large_forms=0)


def target(seed, faint=1.0):
    features = torch.randn((3, 400), generator=torch.Generator().manual_seed(seed))
    features[2] *= faint
    return StyleTarget("wasserstein", PIXEL_STATISTIC.target(features))


def applied(number, pixels, share=0.5, mask=None):
    targets = {PIXELS: pixels} if pixels else {}
    return AppliedStyle(number, Guidance(share, mask), targets)


def summaries(styles):
    return [style.targets[PIXELS].summary for style in styles]


def test_styles_of_the_same_places_are_whitened_by_the_mean_of_their_covariances():
    alone = [target(0), target(1, faint=1e-3)]
    mixed = PixelMixture().applied_to([applied(1, alone[0], 0.75), applied(2, alone[1], 0.25)])
    covariances = [each.summary[1] for each in alone]
    common = 0.75 * covariances[0] + 0.25 * covariances[1]
    for (_, covariance, whitening, *_), own in zip(summaries(mixed), covariances, strict=True):
        white = whitening @ common @ whitening
        torch.testing.assert_close(white, torch.eye(3).double(), atol=1e-3, rtol=0)
        assert torch.equal(covariance, own)


@pytest.mark.parametrize("places", ["own masks", "one style", "one with pixels"])
def test_others_keep_their_own_whitening(places):
    first, second = target(0), target(1, faint=1e-3)
    styles = {
        "own masks": [
            applied(1, first, mask=torch.ones(1, 1, 4, 4)),
            applied(2, second, mask=torch.ones(1, 1, 4, 4)),
        ],
        "one style": [applied(1, first)],
        "one with pixels": [applied(1, first), applied(2, None)],
    }[places]
    for style, mixed in zip(styles, PixelMixture().applied_to(styles), strict=True):
        assert mixed.targets.keys() == style.targets.keys()
        for layer in style.targets:
            pairs = zip(style.targets[layer].summary, mixed.targets[layer].summary, strict=True)
            assert all(torch.allclose(one, other) for one, other in pairs)


def test_what_they_are_whitened_by_is_computed_again_where_styles_or_shares_change(monkeypatch):
    mixture, first, second, third = PixelMixture(), target(0), target(1), target(2)
    calls = []
    mixed = type(PIXEL_STATISTIC).mixed
    monkeypatch.setattr(
        type(PIXEL_STATISTIC), "mixed", lambda *given: calls.append(1) or mixed(*given)
    )
    for pixels, share, expected in (
        (second, 0.5, 1),
        (second, 0.5, 1),
        (second, 0.4, 2),
        (third, 0.4, 3),
        (third, 0.4, 3),
    ):
        mixture.applied_to([applied(1, first), applied(2, pixels, share)])
        assert len(calls) == expected


def colourful(picture):
    return (picture.amax(1) - picture.amin(1)).mean().item()


@pytest.mark.integration
def test_a_little_of_a_painting_without_colours_leaves_the_colours_of_the_other():
    photo, painting = smooth_picture(0, 64, 64), smooth_picture(1, 64, 64)
    grey = smooth_picture(2, 64, 64).mean(1, keepdim=True).expand(-1, 3, -1, -1)

    def paint(*weights):
        settings = replace(SETTINGS, style_weights=weights)
        *_, last = stylize(photo, Styles((painting, grey.contiguous())), lambda: settings)
        return colourful(last.picture)

    whole, most, half, none = paint(1, 0), paint(0.98, 0.02), paint(0.5, 0.5), paint(0, 1)
    assert most > 0.9 * whole
    assert whole > half > none
    assert half > 0.25 * whole
