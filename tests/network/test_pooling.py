"""Pooling is torch's, forward and backward, bit for bit."""

import pytest
import torch
import torch.nn.functional as F

from style_transfer.network import pooling
from style_transfer.network.pooling import POOLINGS, pool, pool_to_mask
from style_transfer.network.thread_pool import ThreadPool
from tests.network.reference import image

TORCHS = {"average": F.avg_pool2d, "max": F.max_pool2d}
SIZES = [(2, 2), (3, 3), (2, 9), (8, 12), (9, 11), (31, 2), (40, 41)]
KINDS = {
    "all different": lambda x: x,
    "many equal": lambda x: x.round(),
    "after a ReLU": lambda x: x.relu().round(),
    "all equal": torch.ones_like,
    "none above 0": torch.zeros_like,
}


def channels_last(x):
    return x.contiguous(memory_format=torch.channels_last)


@pytest.fixture(params=[200_000, 100])
def threads(request, monkeypatch):
    """Threads for one block, and for blocks of single rows."""
    monkeypatch.setattr(pooling, "_FLOATS_PER_BLOCK", request.param)
    return ThreadPool()


@pytest.mark.parametrize("name", POOLINGS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", SIZES)
def test_values_and_gradients_are_torchs_whatever_is_equal(name, kind, size, threads):
    x = channels_last(KINDS[kind](image(5, *size)))
    one, other = (x.clone().requires_grad_() for _ in range(2))
    found, expected = pool(one, name, threads), TORCHS[name](other, 2)
    assert torch.equal(found, expected)
    gradient = image(5, *found.shape[2:], seed=1)
    found.backward(gradient)
    expected.backward(gradient)
    assert torch.equal(one.grad, other.grad)


@pytest.mark.parametrize("size", SIZES)
def test_the_mask_of_maxima_has_the_first_of_each_that_is_above_0(size, threads):
    for kind in ("after a ReLU", "all equal", "none above 0"):
        x = channels_last(KINDS[kind](image(5, *size)))
        mask = x.clone().requires_grad_()
        expected = F.max_pool2d(mask, 2)
        expected.sum().backward()
        y = x.clone(memory_format=torch.channels_last)
        assert torch.equal(pool_to_mask(y, "max", threads), expected)
        inside = y[:, :, : size[0] // 2 * 2, : size[1] // 2 * 2]
        first = (mask.grad * (x > 0))[:, :, : size[0] // 2 * 2, : size[1] // 2 * 2]
        assert torch.equal(inside > 0, first > 0)


@pytest.mark.parametrize("make", [torch.Tensor.double, lambda x: x.expand(2, -1, -1, -1)])
def test_other_types_and_batches_are_pooled_by_torch(make):
    x = make(image(5, 8, 9))
    for name in POOLINGS:
        assert torch.equal(pool(x, name, ThreadPool()), TORCHS[name](x, 2))


def test_a_value_that_is_no_number_is_not_hidden():
    x = channels_last(image(5, 8, 8))
    x[0, 2, 3, 4] = float("nan")
    for find in (pool, pool_to_mask):
        assert (
            find(x.clone(memory_format=torch.channels_last), "max", ThreadPool()).isnan().sum() == 1
        )


def test_one_row_has_no_maxima_as_torch_has_it():
    with pytest.raises(RuntimeError, match="too small"):
        pool(image(5, 1, 8), "max", ThreadPool())


@pytest.mark.every_device
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", POOLINGS)
def test_every_device_pools_as_the_cpu_does(device, name, size):
    x = channels_last(image(5, *size))
    gradients, pooled = [], []
    for each in (torch.device("cpu"), torch.device(device)):
        free = x.to(each).requires_grad_()
        pooled.append(pool(free, name, ThreadPool()))
        away = torch.arange(pooled[-1].numel()).float().view(pooled[-1].shape).to(each)
        gradients += torch.autograd.grad(pooled[-1], free, away)
    torch.testing.assert_close(pooled[1].detach().cpu(), pooled[0].detach())
    torch.testing.assert_close(gradients[1].cpu(), gradients[0])
