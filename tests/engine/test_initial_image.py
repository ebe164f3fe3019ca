from dataclasses import replace

import pytest
import torch

from style_transfer.engine import Styles
from style_transfer.engine.initial_image import (
    INITS,
    initial_image,
    is_from_content,
    with_palette,
)
from style_transfer.images import resize
from style_transfer.settings import Settings
from tests.conftest import smooth_picture

SETTINGS = Settings(alpha=1, beta=5)
SIZE = (24, 32)


def colours(image):
    pixels = image[0].flatten(1)
    return torch.cat((pixels.mean(1, keepdim=True), torch.cov(pixels)), 1)


def muted(picture, low=0.35, high=0.65):
    """A picture whose colours leave room on both sides, so that none has to be clipped."""
    return low + (high - low) * picture


@pytest.mark.every_device
def test_a_run_starts_from_the_content_in_the_colours_of_its_style(photo, painting):
    photo, painting = muted(photo), muted(painting, 0.2, 0.5)
    found = with_palette(photo, Styles((painting,)), SETTINGS)
    torch.testing.assert_close(colours(found), colours(painting), atol=2e-3, rtol=0)
    assert torch.corrcoef(torch.stack((found.flatten(), photo.flatten())))[0, 1] > 0.5


@pytest.mark.parametrize("changes", [{"beta": 0}, {"match_colors": True}])
def test_the_content_keeps_its_colours_where_no_others_are_asked_for(photo, painting, changes):
    found = with_palette(photo, Styles((painting,)), replace(SETTINGS, **changes))
    assert torch.equal(found, photo)


def test_a_gentle_beta_moves_the_colours_by_its_share(photo, painting):
    styles = Styles((painting,))
    whole = with_palette(photo, styles, SETTINGS) - photo
    quarter = with_palette(photo, styles, replace(SETTINGS, alpha=4, beta=1)) - photo
    torch.testing.assert_close(quarter, whole / 4)


def test_without_alpha_the_colours_are_the_styles(photo, painting):
    styles = Styles((painting,))
    found = with_palette(photo, styles, replace(SETTINGS, alpha=0))
    assert torch.equal(found, with_palette(photo, styles, SETTINGS))


def test_several_styles_give_their_colours_by_their_weights(photo, painting):
    other = smooth_picture(7)
    settings = replace(SETTINGS, style_weights=(3, 1, 0, 0))
    one, two = (with_palette(photo, Styles((each,)), SETTINGS) for each in (painting, other))
    found = with_palette(photo, Styles((painting, other)), settings)
    torch.testing.assert_close(found, 0.75 * one + 0.25 * two)


def test_each_region_has_the_colours_of_its_style_and_the_rest_those_of_the_content():
    photo, styles = smooth_picture(1, 64, 96), (smooth_picture(2), smooth_picture(7))
    left = torch.zeros(1, 1, 64, 96)
    left[..., :32] = 1
    strength = torch.ones(1, 1, 64, 96)
    strength[:, :, :24] = 0
    found = with_palette(photo, Styles(styles, strength, (left, 1 - left)), SETTINGS)
    assert torch.equal(found[:, :, :16], photo[:, :, :16])
    for columns, style in ((slice(8), styles[0]), (slice(-8, None), styles[1])):
        alone = with_palette(photo, Styles((style,)), SETTINGS)
        torch.testing.assert_close(found[:, :, -8:, columns], alone[:, :, -8:, columns])


def test_where_no_style_applies_the_content_stays(photo, painting):
    nowhere = torch.zeros(1, 1, 32, 32)
    found = with_palette(photo, Styles((painting,), style_masks=(nowhere,)), SETTINGS)
    assert torch.equal(found, photo)


def test_a_run_starts_from_colours_between_black_and_white(photo):
    black = Styles((torch.zeros_like(photo),) * 2)
    for weights in ((0.1, 0.7), (0.3, 0.4), (0.9, 0.2)):
        found = with_palette(photo, black, replace(SETTINGS, style_weights=weights))
        assert found.min() >= 0


def test_a_style_of_one_colour_gives_finite_colours(photo):
    plain = torch.full((1, 3, 40, 40), 0.25)
    found = with_palette(photo, Styles((plain,)), SETTINGS)
    assert found.isfinite().all()
    assert abs(found.mean() - 0.25) < 0.05


@pytest.mark.parametrize("init", INITS)
def test_every_initial_image_has_the_size_of_the_first_stage(init, photo, painting):
    found = initial_image(init, photo, Styles((painting,)), SIZE, 0, SETTINGS)
    assert found.shape == (1, 3, *SIZE)
    assert 0 <= found.min() <= found.max() <= 1


def test_a_run_from_the_style_starts_from_the_first_style_image(photo, painting):
    found = initial_image("style", photo, Styles((painting, photo)), SIZE, 0, SETTINGS)
    torch.testing.assert_close(found, resize(painting, SIZE).clamp(0, 1))


def test_noise_is_grey_with_a_spread_of_a_tenth_and_its_seed_says_which(photo):
    first, again, other = (
        initial_image("noise", photo, Styles((photo,)), (96, 96), seed, SETTINGS)
        for seed in (1, 1, 2)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert first.mean().item() == pytest.approx(0.5, abs=0.01)
    assert first.std().item() == pytest.approx(0.1, abs=0.01)


def test_an_image_of_an_earlier_run_has_the_size_of_the_content_and_its_own_colours(photo):
    earlier = smooth_picture(5, 24, 24)
    found = initial_image(earlier, photo, Styles((photo,)), SIZE, 0, SETTINGS)
    torch.testing.assert_close(found, resize(earlier, (32, 32)).clamp(0, 1))


def test_a_run_is_from_the_content_but_for_noise_and_a_style_image(photo):
    assert [init for init in INITS if is_from_content(init)] == ["content"]
    assert is_from_content(photo)


def start(content, painting, seed=0, settings=SETTINGS):
    return initial_image("content", content, Styles((painting,)), SIZE, seed, settings)


def test_a_photo_of_one_colour_starts_with_no_two_places_alike_and_hardly_another_colour(painting):
    plain = torch.full((1, 3, 48, 64), 0.4)
    found = start(plain, painting)
    palette = with_palette(resize(plain, SIZE), Styles((painting,)), SETTINGS)
    assert (found - palette).abs().max() <= 0.5 / 255
    assert found[0, 0].unique().numel() > 100
    assert torch.equal(found, start(plain, painting))
    assert not torch.equal(found, start(plain, painting, seed=1))


def test_any_other_photo_starts_as_it_is_and_one_that_is_not_painted_too(photo, painting):
    assert torch.equal(start(photo, painting), start(photo, painting, seed=1))
    plain = torch.full((1, 3, 48, 64), 0.4)
    assert torch.equal(
        start(plain, painting, settings=replace(SETTINGS, beta=0)), resize(plain, SIZE)
    )
