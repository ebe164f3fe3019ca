"""The measures of `benchmarks.quality`."""

import pytest
import torch

from benchmarks.quality.features import activations
from benchmarks.quality.measures import Judge, Measures, high_pass_energies
from style_transfer.images import to_pil, to_tensor
from tests.conftest import smooth_picture

SIDE = 64


@pytest.fixture(scope="module")
def pictures():
    """A photo, a painting with grain of its own, and the painting with noise over it."""
    generator = torch.Generator().manual_seed(0)
    grain = torch.rand((1, 1, SIDE, SIDE), generator=generator)
    painting = (smooth_picture(2, SIDE, SIDE) + 0.05 * grain).clamp(0, 1)
    noise = torch.randn((1, 3, SIDE, SIDE), generator=generator)
    return [
        to_pil(each)
        for each in (smooth_picture(1, SIDE, SIDE), painting, (painting + 0.1 * noise).clamp(0, 1))
    ]


@pytest.fixture(scope="module")
def judge(pictures):
    return Judge(*pictures[:2])


def test_the_painting_itself_has_no_error_but_that_of_content(judge, pictures):
    found = judge.measure(pictures[1])
    assert found.S == found.H == 0
    assert abs(found.N) < 1e-5
    assert found.C > 0.1


def test_the_photo_itself_has_no_error_of_content(judge, pictures):
    found = judge.measure(pictures[0])
    assert found.C == 0
    assert min(found.S, found.N, found.H) > 0.05


def test_noise_over_the_painting_raises_all_that_is_measured_against_it(judge, pictures):
    clean, noisy = (judge.measure(picture) for picture in pictures[1:])
    assert noisy.S > clean.S + 0.05
    assert noisy.N > clean.N + 0.05
    assert noisy.H > clean.H + 0.5


def test_the_content_error_alone_is_that_of_all_measures(judge, pictures):
    assert judge.content_error(pictures[2]) == judge.measure(pictures[2]).C


def test_the_painting_is_compared_at_the_area_of_the_picture(pictures):
    photo, painting, _ = pictures
    wide = painting.resize((2 * SIDE, SIDE // 2))
    assert Judge(photo, wide).measure(wide).S == 0
    assert Judge(photo, wide).measure(painting).S > 0


def test_high_pass_energies_of_a_checkerboard_are_those_known_by_hand():
    rows, columns = torch.meshgrid(torch.arange(8), torch.arange(8), indexing="ij")
    red = ((rows + columns) % 2).float()
    board = to_pil(torch.stack([red, 0 * red, 0 * red])[None])
    # A pixel is 4/9 away from the mean of its neighbourhood, 5 of 9 pixels of its own kind; all
    # octaves but the first are flat.
    finest, *coarser = high_pass_energies(board)
    weights = torch.tensor([1 / 3, 1 / 2, 1 / 4])
    torch.testing.assert_close(finest, (weights * 4 / 9).square() + 1e-6)
    for energy in coarser:
        torch.testing.assert_close(energy, torch.full((3,), 1e-6))


def test_activations_are_those_of_the_network_but_for_pooling_and_borders(network, pictures):
    """Far from the border, and before the first pooling, both are the same."""
    layer = "relu1_2"
    ((_, found),) = activations(network, pictures[0], [layer])
    expected = network(to_tensor(pictures[0]), [layer])[layer]
    inner = slice(2, -2)
    torch.testing.assert_close(
        found.view(expected.shape)[..., inner, inner],
        expected[..., inner, inner],
        rtol=1e-3,
        atol=1e-3 * expected.max().item(),
    )


def test_a_mean_of_measures_is_taken_of_each():
    assert Measures.mean([Measures(1, 2, 3, 4), Measures(3, 4, 5, 6)]) == Measures(2, 3, 4, 5)
