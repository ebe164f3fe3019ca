import pytest
import torch

from style_transfer.images.color_transfer import LUMA, MAX_GAIN, keep_colors, match_colors


def colored(seed, mix, height=40, width=50):
    """A picture whose colours are `mix` (3, 3) times noise around grey."""
    noise = torch.randn((3, height * width), generator=torch.Generator().manual_seed(seed))
    picture = 0.5 + torch.tensor(mix) @ noise
    return picture.view(1, 3, height, width).clamp(0, 1)


WARM = colored(0, [[0.10, 0.02, 0.01], [0.05, 0.04, 0.02], [0.01, 0.01, 0.05]])
COLD = colored(1, [[0.04, 0.01, 0.02], [0.02, 0.05, 0.03], [0.03, 0.02, 0.09]], 30, 30)
GREY = COLD.mean(1, keepdim=True).expand(1, 3, -1, -1).contiguous()
CONSTANT = torch.tensor([0.2, 0.5, 0.7]).view(1, 3, 1, 1).expand(1, 3, 30, 30).contiguous()
UNUSUAL = {"grey": GREY, "constant": CONSTANT, "black": 0 * GREY, "coloured": COLD}


def statistics(picture):
    colors = picture[0].flatten(1).double()
    return colors.mean(1), torch.cov(colors, correction=0)


def linear_map(before, after):
    """The matrix that best turns the colours of one picture into those of the other."""
    colors = (picture[0].flatten(1).double() for picture in (before, after))
    before, after = (each - each.mean(1, keepdim=True) for each in colors)
    return after @ torch.linalg.pinv(before)


def luma(picture):
    return sum(weight * picture[:, c] for c, weight in enumerate(LUMA))


def spread(picture):
    """How far each pixel is from grey, at the most."""
    return (picture.amax(1) - picture.amin(1)).max().item()


def test_the_matched_picture_has_the_mean_and_the_covariance_of_the_other():
    mean, covariance = statistics(match_colors(WARM, COLD))
    wanted_mean, wanted = statistics(COLD)
    torch.testing.assert_close(mean, wanted_mean, atol=1e-3, rtol=0)
    torch.testing.assert_close(covariance, wanted, atol=2e-4, rtol=0.02)


def test_the_map_is_symmetric_so_that_no_hue_rotates():
    matrix = linear_map(WARM, match_colors(WARM, COLD))
    torch.testing.assert_close(matrix, matrix.T, atol=0.02, rtol=0)
    assert torch.linalg.eigvalsh(matrix).min() > 0


@pytest.mark.parametrize("name", UNUSUAL)
def test_a_picture_matched_to_itself_stays_as_it_is(name):
    picture = UNUSUAL[name]
    torch.testing.assert_close(match_colors(picture, picture), picture, atol=1e-5, rtol=0)


def test_matched_to_a_grey_photo_a_painting_turns_grey():
    assert spread(match_colors(WARM, GREY)) < 0.03


def test_a_grey_painting_takes_the_photos_mean_colour_and_its_noise_is_not_blown_up():
    noise = torch.randn(GREY.shape, generator=torch.Generator().manual_seed(2)) / 512
    noisy = (GREY + noise).clamp(0, 1)
    matched = match_colors(noisy, WARM)
    torch.testing.assert_close(statistics(matched)[0], statistics(WARM)[0], atol=0.01, rtol=0)
    gain = torch.linalg.eigvalsh(linear_map(noisy, matched)).max()
    assert 1 < gain < 1.05 * MAX_GAIN


@pytest.mark.parametrize("name", UNUSUAL)
@pytest.mark.parametrize("model", UNUSUAL)
def test_every_pair_of_pictures_matches_to_colours_that_a_screen_shows(name, model):
    matched = match_colors(UNUSUAL[name], UNUSUAL[model])
    assert matched.shape == UNUSUAL[name].shape
    assert matched.isfinite().all()
    assert 0 <= matched.min() <= matched.max() <= 1
    mean, wanted = statistics(matched)[0], statistics(UNUSUAL[model])[0]
    torch.testing.assert_close(mean, wanted, atol=0.03, rtol=0)


@pytest.mark.parametrize("amount", [0.3, 1.0])
@pytest.mark.parametrize("name", UNUSUAL)
def test_a_picture_that_keeps_the_photos_colours_keeps_its_own_luma(name, amount):
    photo = torch.nn.functional.interpolate(UNUSUAL[name], size=WARM.shape[-2:])
    kept = keep_colors(WARM, photo, amount)
    torch.testing.assert_close(luma(kept), luma(WARM), atol=1e-5, rtol=0)
    assert 0 <= kept.min() <= kept.max() <= 1


def test_colours_are_kept_not_at_all_in_part_or_altogether():
    photo = torch.nn.functional.interpolate(COLD, size=WARM.shape[-2:])
    assert keep_colors(WARM, photo, 0) is WARM
    chroma = {p: p - luma(p).unsqueeze(1) for p in (WARM, photo)}
    half, whole = (keep_colors(WARM, photo, amount) for amount in (0.5, 1))
    inside = ((whole > 0.001) & (whole < 0.999)).all(1, keepdim=True).expand_as(whole)
    between = (chroma[WARM] + chroma[photo]) / 2
    for kept, wanted in ((half, between), (whole, chroma[photo])):
        difference = kept - luma(kept).unsqueeze(1) - wanted
        assert difference[inside].abs().max() < 1e-4


def test_the_colours_of_a_grey_photo_are_grey():
    photo = torch.nn.functional.interpolate(GREY, size=WARM.shape[-2:])
    assert spread(keep_colors(WARM, photo, 1)) < 1e-5
