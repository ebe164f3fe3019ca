import pytest
import torch
from torch.nn.functional import mse_loss

from style_transfer.losses.terms import content_loss, style_loss, total_variation

RELATIVE = (content_loss, style_loss)


def noise(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("loss", RELATIVE)
def test_a_relative_loss_is_the_mean_squared_error_over_the_targets_mean_square(loss):
    value, target = noise(1, 4, 6, 6), noise(1, 4, 6, 6, seed=1)
    expected = mse_loss(value, target) / mse_loss(target, torch.zeros_like(target))
    torch.testing.assert_close(loss(value, target), expected)


@pytest.mark.parametrize("loss", RELATIVE)
def test_a_relative_loss_is_0_on_the_target_1_without_anything_and_has_no_unit(loss):
    value, target = noise(1, 4, 6, 6), noise(1, 4, 6, 6, seed=1)
    assert loss(target, target) == 0
    assert loss(torch.zeros_like(target), target) == 1
    torch.testing.assert_close(loss(1000 * value, 1000 * target), loss(value, target))


@pytest.mark.parametrize("loss", RELATIVE)
def test_a_target_of_zeros_is_no_division_by_zero(loss):
    zeros = torch.zeros(1, 4, 6, 6)
    assert loss(zeros, zeros) == 0


def test_the_error_of_a_painting_with_next_to_nothing_is_relative_to_the_least():
    zeros, ones = torch.zeros(3, 3), torch.ones(3, 3)
    assert style_loss(ones, zeros, least=0.25) == 4
    assert style_loss(ones, 2 * ones, least=0.25) == 0.25


@pytest.mark.parametrize("loss", RELATIVE)
def test_gradients_of_relative_losses_agree_with_finite_differences(loss):
    target = noise(1, 3, 4, 4, seed=1)
    assert torch.autograd.gradcheck(lambda x: loss(x, target), noise(1, 3, 4, 4).requires_grad_())


def test_gradient_of_total_variation_agrees_with_finite_differences():
    assert torch.autograd.gradcheck(total_variation, noise(1, 3, 4, 5).requires_grad_())


def test_total_variation_of_a_checkerboard_is_2():
    rows, columns = torch.arange(32).view(-1, 1), torch.arange(40)
    board = ((rows + columns) % 2).float().expand(1, 3, 32, 40)
    assert total_variation(board) == 2


def test_total_variation_of_stripes_is_1_and_of_one_colour_0():
    stripes = (torch.arange(40) % 2).float().expand(1, 3, 32, 40)
    assert total_variation(stripes) == 1
    assert total_variation(torch.full((1, 3, 32, 40), 0.3)) == 0
