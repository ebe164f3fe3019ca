"""Mixtures of styles that share places, and of those that have their own."""

from dataclasses import replace
from typing import Any

import pytest
import torch

from style_transfer.engine import Objective, Styles, stylize
from style_transfer.engine.guidance import Guidance
from style_transfer.engine.mixtures import Mixtures
from style_transfer.engine.style_terms import AppliedStyle
from style_transfer.engine.target_cache import StyleTarget
from style_transfer.losses import STATISTICS, statistic_of
from style_transfer.network import PIXELS
from style_transfer.settings import Settings
from tests.conftest import smooth_picture

LAYER = "relu1_1"
PLAIN = Settings(steps=12, beta=20, alpha=0, motifs=0, large_forms=0)


def target(seed, layer=LAYER, name="wasserstein"):
    features = torch.randn((3, 400), generator=torch.Generator().manual_seed(seed))
    return StyleTarget(name, statistic_of(layer, name).target(features))


def applied(number, *targets, share=0.5, mask=None):
    layers = dict(zip((LAYER, PIXELS), targets, strict=False))
    return AppliedStyle(number, Guidance(share, mask), layers)


def test_styles_of_the_same_places_have_targets_that_are_mixed_by_their_shares():
    alone = [target(0), target(1)]
    styles = Mixtures().applied_to(
        [applied(1, alone[0], share=0.6), applied(2, alone[1], share=0.2)]
    )
    shares = (0.75, 0.25)
    expected = STATISTICS["wasserstein"].mixed([each.summary for each in alone], [shares, shares])
    for style, summary in zip(styles, expected, strict=True):
        found = style.targets[LAYER]
        assert found.statistic == "wasserstein"
        assert all(torch.equal(*pair) for pair in zip(found.summary, summary, strict=True))


@pytest.mark.parametrize(
    "places", ["own masks", "one style", "one with the layer", "two statistics"]
)
def test_others_have_the_targets_of_each_alone(places):
    first, second = target(0), target(1)
    mask = torch.ones(1, 1, 4, 4)
    styles = {
        "own masks": [applied(1, first, mask=mask), applied(2, second, mask=mask.clone())],
        "one style": [applied(1, first)],
        "one with the layer": [applied(1, first), applied(2)],
        "two statistics": [applied(1, first), applied(2, target(1, name="bures"))],
    }[places]
    for style, mixed in zip(styles, Mixtures().applied_to(styles), strict=True):
        assert mixed.targets.keys() == style.targets.keys()
        for layer, alone in style.targets.items():
            pairs = zip(alone.summary, mixed.targets[layer].summary, strict=True)
            assert all(torch.allclose(one, other) for one, other in pairs)


def test_they_are_mixed_again_where_a_style_or_a_share_changes(monkeypatch):
    mixtures, first, second, third = Mixtures(), target(0), target(1), target(2)
    kind, calls = type(STATISTICS["wasserstein"]), []
    mixed = kind.mixed

    def counted(*given: Any) -> Any:
        calls.append(given)
        return mixed(*given)

    monkeypatch.setattr(kind, "mixed", counted)
    for other, share, expected in (
        (second, 0.5, 1),
        (second, 0.5, 1),
        (second, 0.4, 2),
        (third, 0.4, 3),
        (third, 0.4, 3),
    ):
        mixtures.applied_to([applied(1, first), applied(2, other, share=share)])
        assert len(calls) == expected


@pytest.fixture
def paintings():
    return smooth_picture(1, 64, 64), 0.1 + 0.1 * smooth_picture(2, 64, 64)


def painted(settings, *paintings):
    """Return a function that paints by weights of the paintings."""
    photo, styles = smooth_picture(0, 64, 64), Styles(paintings)

    def paint(*weights):
        chosen = replace(settings, style_weights=weights)
        *_, last = stylize(photo, styles, lambda: chosen)
        return last.picture

    return paint


def colourful(picture):
    return (picture.amax(1) - picture.amin(1)).mean().item()


@pytest.mark.integration
def test_a_little_of_a_painting_without_colours_leaves_the_colours_of_the_other():
    grey = smooth_picture(2, 64, 64).mean(1, keepdim=True).expand(-1, 3, -1, -1).contiguous()
    settings = replace(PLAIN, style_layers=[PIXELS])
    paint = painted(settings, smooth_picture(1, 64, 64), grey)
    whole, most, half, none = (colourful(paint(w, 1 - w)) for w in (1, 0.98, 0.5, 0))
    assert most > 0.9 * whole
    assert whole > half > none
    assert half > 0.25 * whole


@pytest.mark.integration
@pytest.mark.parametrize("statistic", ["gram", "wasserstein"])
def test_a_faint_painting_counts_no_more_than_its_weight_says(statistic):
    strong = smooth_picture(1, 64, 64)
    faint = 0.1 + 0.1 * smooth_picture(2, 64, 64)
    settings = replace(PLAIN, style_layers=[LAYER, "relu2_1"], statistic=statistic)
    paint = painted(settings, strong, faint)
    whole, half, none = (paint(w, 1 - w) for w in (1, 0.5, 0))
    to_strong, to_faint = ((half - each).square().mean().sqrt() for each in (whole, none))
    assert 1 / 3 < to_strong / to_faint < 3


def test_unless_it_is_asked_for_targets_are_those_of_each_alone(network, photo, paintings):
    def targets(settings):
        view = Objective(network, photo, Styles(paintings)).view(settings)
        return [style.targets["relu2_1"].summary[0].item() for style in view.styles]

    mixed, own = (
        targets(replace(PLAIN, style_layers=["relu2_1"], even_mixture=even))
        for even in (True, False)
    )
    size = sum(scale**0.5 for scale in own) / 2
    assert mixed == pytest.approx([size * scale**0.5 for scale in own])
    assert mixed != pytest.approx(own)
