"""Runs with masks: what is left as it is, painted less, or in one style only."""

from dataclasses import replace

import pytest
import torch

from style_transfer.engine.lbfgs import LBFGS
from style_transfer.engine.masks import FEATHER_WIDTH
from style_transfer.engine.styles import Styles
from style_transfer.images import resize
from tests.engine.runs import QUICK, run


def bands(picture):
    """How steep each band of columns is that is as wide as a mask's edge: in each row the steepest
    pixel, and of all rows the mean. Begins with the band that has column 0 at its left.
    """
    grey = picture[0].mean(0)
    steepness = torch.hypot(grey.diff(dim=0)[:, :-1], grey.diff(dim=1)[:-1])
    return steepness.unfold(1, edge(picture), 1).amax(-1).mean(0)


def edge(picture):
    """How many columns there are from the last untouched one to the first painted all over."""
    return 2 + round(FEATHER_WIDTH * max(picture.shape[-2:]))


@pytest.mark.every_device
@pytest.mark.parametrize("init", ["content", "noise"])
@pytest.mark.parametrize("share", [0.1, 0.5])
def test_where_the_strength_is_0_the_photo_stays_in_every_frame(tall_photo, painting, init, share):
    mask = torch.zeros((1, 1, 192, 64))
    mask[..., : round(192 * share), :] = 1
    frames = run(tall_photo, Styles((painting,), mask), replace(QUICK, steps=6), init=init)
    assert len({frame.image.shape for frame in frames}) == 2
    untouched = (mask == 0).expand_as(tall_photo)
    for frame in frames:
        assert (frame.picture - tall_photo)[untouched].abs().max() < 1e-6
    changed = (frames[-1].picture - tall_photo)[~untouched].abs().mean()
    assert changed > 4 / 255


@pytest.mark.integration
@pytest.mark.parametrize("brightness", [1.0, 0.6])
def test_the_seam_is_no_steeper_than_the_painted_half(photo, brightness):
    """The band at the seam against the 95th percentile of all bands of the painted half: one hard
    line is found, however thin it is, and so is a step of brightness.
    """
    side, middle = 96, 48
    noise = torch.rand((1, 3, 48, 40), generator=torch.Generator().manual_seed(6))
    painting = brightness * resize(noise, (side, side)).clamp(0, 1)
    mask = torch.zeros((1, 1, side, side))
    mask[..., middle:] = 1
    settings = replace(QUICK, beta=20, steps=20)
    photo = resize(photo, (side, side)).clamp(0, 1)
    picture = run(photo, Styles((painting,), mask), settings)[-1].picture
    steep, width = bands(picture), edge(picture)
    seam, untouched, painted = steep[middle - 1], steep[: middle - width], steep[middle + width :]
    assert painted.median() > 2 * untouched.max()  # there is something to be seen
    assert seam <= painted.quantile(0.95)


def test_less_strength_changes_the_photo_less(photo, painting):
    changes = []
    for strength in (0.0, 0.25, 0.5, 0.75, 1.0):
        styles = Styles((painting,), torch.full((1, 1, 48, 48), strength))
        changes.append((run(photo, styles)[-1].picture - photo).abs().mean().item())
    assert changes == sorted(changes)
    assert changes[0] == 0
    assert 0.2 * changes[4] < changes[2] < 0.8 * changes[4]


@pytest.mark.parametrize("side", [4, 16, 32])
def test_a_step_is_as_long_where_a_part_is_painted_alone_as_in_a_whole_picture(
    photo, painting, side
):
    mask = torch.zeros((1, 1, 32, 32))
    mask[..., :side, :side] = 1
    before, after = run(photo, Styles((painting,), mask), replace(QUICK, steps=1))
    # Of the whole picture, since what is beside the part moves as well, unseen.
    moved = (after.image - before.image).square().mean().sqrt().item()
    assert moved == pytest.approx(LBFGS().first_step * side / 32, rel=0.05)


def test_full_strength_everywhere_is_no_mask(photo, painting):
    masked = run(photo, Styles((painting,), torch.ones((1, 1, 48, 48))))
    plain = run(photo, painting)
    assert masked[-1].losses["total"] == pytest.approx(plain[-1].losses["total"], rel=0.05)
    assert (masked[-1].picture - plain[-1].picture).abs().mean() < 4 / 255


@pytest.mark.every_device
def test_each_style_goes_where_its_area_is(photo):
    red, blue = (torch.tensor(c).view(1, 3, 1, 1) for c in ((0.8, 0.2, 0.2), (0.2, 0.2, 0.8)))
    noise = 0.1 * torch.rand((1, 3, 48, 48), generator=torch.Generator().manual_seed(0))
    left = torch.zeros((1, 1, 48, 48))
    left[..., :24] = 1
    styles = Styles((red + noise, blue + noise), style_masks=(left, 1 - left))
    picture = run(photo, styles, replace(QUICK, beta=50, steps=20))[-1].picture
    redder = picture[:, 0] - picture[:, 2]
    assert redder[..., :20].mean() > 0.2
    assert redder[..., 28:].mean() < -0.2
