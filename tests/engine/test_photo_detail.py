from functools import partial

import pytest
import torch

from style_transfer.engine.photo_detail import calmed
from style_transfer.engine.pyramid import resize_clamped
from style_transfer.engine.styles import Styles
from style_transfer.settings import Settings

COARSE, FINE, FINEST = (32, 48), (64, 96), (128, 192)


def checkers(amount, size=FINE):
    """An image of one pixel's checkers, whose mean square is that of the amount."""
    signs = torch.ones(size)
    signs[::2, ::2] = signs[1::2, 1::2] = -1
    return (0.5 + amount * signs).expand(1, 3, *size).clone()


def smooth(size=FINE):
    """An image that is the same at all sizes."""
    return torch.full((1, 3, *size), 0.5)


def detail(photo, styles, settings=None, old=COARSE, size=FINE):
    """How large the checkers are with which a stage begins, away from the border."""
    base = calmed(partial(resize_clamped, photo), old, size, styles, settings or Settings())
    return (base(size) - 0.5).abs()[..., 4:-4, 4:-4]


@pytest.mark.parametrize("share", [0.25, 0.5, 1.0])
def test_detail_is_reduced_to_the_share_of_energy_that_the_painting_has(share):
    painting = checkers(0.2 * share**0.5)
    found = detail(checkers(0.2), Styles((painting,)))
    torch.testing.assert_close(found, torch.full_like(found, 0.2 * share), rtol=0.02, atol=1e-3)


def test_a_painting_with_more_detail_changes_nothing():
    plain = partial(resize_clamped, checkers(0.1))
    base = calmed(plain, COARSE, FINE, Styles((checkers(0.3),)), Settings())
    torch.testing.assert_close(base(FINE), plain(FINE), rtol=0, atol=1e-6)


def test_what_the_stage_before_had_stays():
    photo = smooth()
    photo[..., 48:] = 0.9  # an edge is there at each size
    base = calmed(partial(resize_clamped, photo), COARSE, FINE, Styles((smooth(),)), Settings())
    there = resize_clamped(resize_clamped(photo, COARSE), FINE)
    torch.testing.assert_close(base(FINE), there, rtol=0, atol=0.02)


def test_other_sizes_and_coarser_stages_are_left_alone():
    photo, styles = checkers(0.2), Styles((smooth(),))
    plain = partial(resize_clamped, photo)
    base = calmed(plain, COARSE, FINE, styles, Settings())
    assert torch.equal(base(COARSE), plain(COARSE))
    assert torch.equal(base(FINEST), plain(FINEST))
    for old in FINE, FINEST:
        assert calmed(plain, old, FINE, styles, Settings()) is plain


@pytest.mark.parametrize(("alpha", "beta", "left"), [(1, 5, 0), (2, 1, 0.5), (1, 0, 1), (0, 1, 0)])
def test_it_depends_on_beta_as_the_colours_of_the_start_do(alpha, beta, left):
    found = detail(checkers(0.2), Styles((smooth(),)), Settings(alpha=alpha, beta=beta))
    torch.testing.assert_close(found, torch.full_like(found, 0.2 * left), rtol=0, atol=1e-3)


def test_each_style_counts_by_its_weight():
    styles = Styles((smooth(), checkers(0.2)))
    found = detail(checkers(0.2), styles, Settings(style_weights=(0.25, 0.75, 0, 0)))
    torch.testing.assert_close(found, torch.full_like(found, 0.15), rtol=0.02, atol=1e-3)


def test_each_style_counts_in_its_region():
    left, right = torch.zeros(1, 1, *FINE), torch.zeros(1, 1, *FINE)
    left[..., :48], right[..., 48:] = 1, 1
    styles = Styles((smooth(), checkers(0.2)), style_masks=(left, right))
    found = detail(checkers(0.2), styles)
    assert found[..., :28].max() < 0.01
    assert found[..., 60:].min() > 0.19


def test_where_no_style_applies_the_photo_keeps_its_detail():
    strength = torch.zeros(1, 1, *FINE)
    strength[..., :48] = 1
    found = detail(checkers(0.2), Styles((smooth(),), strength))
    assert found[..., :20].max() < 0.01
    assert found[..., 44:].min() > 0.19


def test_a_plain_photo_stays_as_it_is():
    assert detail(smooth(), Styles((smooth(),))).max() < 1e-6
