"""Winograd convolution on the CPU: blocks and threads, beside what test_backends shows."""

import pytest
import torch

from style_transfer.network import winograd
from style_transfer.network.thread_pool import ThreadPool
from style_transfer.network.winograd import BlockLimits, convolve, transform_filters
from tests.network.reference import error, filters


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("channels", [(16, 8), (128, 192)])  # the latter in three groups
def test_many_blocks_and_threads_give_what_one_gives(monkeypatch, threads, channels):
    weight = transform_filters(filters(channels[1], channels[0])[0])
    x = torch.randn(61, 50, channels[0], generator=torch.Generator().manual_seed(0))
    whole = convolve(x, weight, ThreadPool())
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        for limits in BlockLimits(10), BlockLimits(1000), BlockLimits(30, 1e4):
            monkeypatch.setattr(winograd, "fastest_limits", lambda limits=limits: limits)
            assert error(convolve(x, weight, ThreadPool()), whole) < 1e-5
        assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
