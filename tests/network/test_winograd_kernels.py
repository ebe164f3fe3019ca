import numpy as np
import pytest
import torch
import torch.nn.functional as F

from style_transfer.network.winograd_kernels import (
    FILTER_TRANSFORM,
    INPUT_TRANSFORM,
    NODES,
    OUTPUT_TRANSFORM,
    TILE,
    convolve_block,
    workspace_sizes,
)


def random(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_four_outputs_come_from_six_products():
    inputs, taps = random(NODES).double(), random(3, seed=1).double()
    products = (FILTER_TRANSFORM @ taps) * (INPUT_TRANSFORM @ inputs)
    assert products.shape == (6,)
    expected = inputs.unfold(0, 3, 1) @ taps  # three taps that slide over the inputs
    assert expected.shape == (TILE,)
    torch.testing.assert_close(OUTPUT_TRANSFORM @ products, expected)


def convolved(
    x, weight, rows, groups, n, tiles_per_product=1000, mask=None, share=0.25, least=-np.inf
):
    """The rows of tiles and groups of n channels of a block; all else is 7."""
    outs, ins = weight.shape[:2]
    filters = (
        torch.kron(FILTER_TRANSFORM, FILTER_TRANSFORM)
        @ weight.permute(2, 3, 0, 1).reshape(9, -1).double()
    )
    filters = filters.float().view(-1, outs // n, n, ins).transpose(2, 3).contiguous().numpy()
    height, width, channels = (x if mask is None else mask).shape
    across = -(-width // TILE)
    sizes = workspace_sizes(
        (rows[1] - rows[0]) * across, across, channels, n * (groups[1] - groups[0])
    )
    work = tuple(np.full(size, np.nan, np.float32) for size in sizes)
    result = np.full((height, width, outs), 7, np.float32)
    bias = random(outs, seed=9).numpy()
    mask = np.empty((0, 0, 0), np.float32) if mask is None else mask.numpy()
    arrays = np.float32(share), filters, tiles_per_product, bias, np.float32(least), work, result
    convolve_block(rows, groups, x.numpy(), mask, *arrays)
    return torch.from_numpy(result)


def expected(x, weight):
    bias = random(len(weight), seed=9)
    return F.conv2d(x.permute(2, 0, 1)[None], weight, bias, padding=1)[0].permute(1, 2, 0)


def assert_close(found, wanted):
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    "tiles_per_product", [5, 1000]
)  # a matrix product of a few tiles, and of all
@pytest.mark.parametrize("size", [(8, 12), (9, 7), (1, 1), (6, 130)])
@pytest.mark.parametrize("channels", [(5, 7), (130, 140)])  # less than a chunk, and two
@pytest.mark.parametrize("groups", [1, 7])
def test_a_block_of_all_tiles_is_the_convolution(tiles_per_product, size, channels, groups):
    x, weight = random(*size, channels[0]), random(*reversed(channels), 3, 3, seed=1) / 10
    rows, n = (0, -(-size[0] // TILE)), channels[1] // groups
    assert_close(convolved(x, weight, rows, (0, groups), n, tiles_per_product), expected(x, weight))


@pytest.mark.parametrize("size", [(8, 12), (9, 7), (1, 1), (6, 130)])
@pytest.mark.parametrize("n", [16, 24])  # channels to a group, for which there is a kernel or not
def test_products_can_be_those_of_our_kernel(size, n):
    x, weight = random(*size, 70), random(2 * n, 70, 3, 3, seed=1) / 10
    found = convolved(x, weight, (0, -(-size[0] // TILE)), (0, 2), n, tiles_per_product=0)
    assert_close(found, expected(x, weight))


def test_a_block_writes_its_rows_alone():
    x, weight = random(14, 9, 5), random(6, 5, 3, 3, seed=1)
    found = convolved(x, weight, (1, 3), (0, 1), n=6)
    assert_close(found[4:12], expected(x, weight)[4:12])
    assert (found[:4] == 7).all()
    assert (found[12:] == 7).all()


def test_a_block_writes_its_channels_alone():
    x, weight = random(14, 9, 5), random(8, 5, 3, 3, seed=1)
    found = convolved(x, weight, (0, 4), (1, 3), n=2)
    assert_close(found[..., 2:6], expected(x, weight)[..., 2:6])
    assert (found[..., :2] == 7).all()
    assert (found[..., 6:] == 7).all()


def test_inputs_count_where_the_mask_is_positive():
    x, mask, weight = random(9, 9, 5), random(9, 9, 5, seed=2), random(6, 5, 3, 3, seed=1)
    found = convolved(x, weight, (0, 3), (0, 1), n=6, mask=mask)
    assert_close(found, expected(x * (mask > 0), weight))


@pytest.mark.parametrize("share", [0.25, 1], ids=["average", "max"])
@pytest.mark.parametrize("size", [(8, 12), (9, 7), (1, 1), (2, 5)])
def test_the_gradient_of_pooling_is_enlarged_on_the_way(size, share):
    mask, weight = random(*size, 5, seed=2), random(6, 5, 3, 3, seed=1)
    small = random(size[0] // 2, size[1] // 2, 5)
    x = torch.zeros(*size, 5)
    x[: size[0] // 2 * 2, : size[1] // 2 * 2] = small.repeat_interleave(2, 0).repeat_interleave(
        2, 1
    )
    rows = 0, -(-size[0] // TILE)
    found = convolved(small, weight, rows, (0, 1), n=6, mask=mask, share=share)
    assert_close(found, expected(share * x * (mask > 0), weight))


def test_the_result_is_clamped_and_nans_stay():
    x, weight = random(9, 9, 5), random(6, 5, 3, 3, seed=1)
    found = convolved(x, weight, (0, 3), (0, 1), n=6, least=0.5)
    assert_close(found, expected(x, weight).clamp_min(0.5))
    x[4, 4, 0] = float("nan")
    assert convolved(x, weight, (0, 3), (0, 1), n=6, least=0.5)[4, 4].isnan().all()
