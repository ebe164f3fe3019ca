import pytest
import torch
from torch.nn.functional import mse_loss

from style_transfer.losses import content_loss, total_variation


def noise(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_the_content_loss_is_the_mean_squared_error_over_the_targets_mean_square():
    value, target = noise(1, 4, 6, 6), noise(1, 4, 6, 6, seed=1)
    expected = mse_loss(value, target) / mse_loss(target, torch.zeros_like(target))
    torch.testing.assert_close(content_loss(value, target), expected)


def test_the_content_loss_is_0_on_the_target_1_on_zeros_and_without_a_unit():
    value, target = noise(1, 4, 6, 6), noise(1, 4, 6, 6, seed=1)
    assert content_loss(target, target) == 0
    assert content_loss(torch.zeros_like(target), target) == 1
    torch.testing.assert_close(
        content_loss(1000 * value, 1000 * target), content_loss(value, target)
    )


def test_a_target_of_zeros_is_no_division_by_zero():
    zeros = torch.zeros(1, 4, 6, 6)
    assert content_loss(zeros, zeros) == 0


@pytest.mark.parametrize(
    "loss",
    [lambda x: content_loss(x, noise(1, 3, 4, 5, seed=1)), total_variation],
    ids=["content", "total-variation"],
)
def test_gradients_agree_with_finite_differences(loss):
    assert torch.autograd.gradcheck(loss, noise(1, 3, 4, 5).requires_grad_())


def test_total_variation_of_a_checkerboard_is_2():
    rows, columns = torch.arange(32).view(-1, 1), torch.arange(40)
    board = ((rows + columns) % 2).float().expand(1, 3, 32, 40)
    assert total_variation(board) == 2


def test_total_variation_of_stripes_is_1_and_of_one_colour_0():
    stripes = (torch.arange(40) % 2).float().expand(1, 3, 32, 40)
    assert total_variation(stripes) == 1
    assert total_variation(torch.full((1, 3, 32, 40), 0.3)) == 0
