import os
import subprocess
import sys

import pytest
import torch
import torch.nn.functional as F

from style_transfer.network import int8_split, onednn

needs_amx = pytest.mark.skipif(not onednn.has_fast_int8(), reason="This CPU has no AMX.")


def values(height, width, channels, seed=0):
    return torch.randn(height, width, channels, generator=torch.Generator().manual_seed(seed))


def weights(outs, ins, seed=1):
    return torch.randn(outs, ins, 3, 3, generator=torch.Generator().manual_seed(seed))


def convolved(x, weight):
    """By torch in float64, (H, W, K)."""
    image = x.permute(2, 0, 1).unsqueeze(0).double()
    return F.conv2d(image, weight.double(), padding=1)[0].permute(1, 2, 0)


def plainly(x, packed, x_unit, unit, bias=None):
    """What `onednn.int8_convolution` computes, in float64."""
    y = F.conv2d(x.double(), packed.double()) * (x_unit * unit.double().view(1, -1, 1, 1))
    return (y if bias is None else y + bias.view(1, -1, 1, 1)).float()


@pytest.fixture(params=["on any CPU", pytest.param("by oneDNN", marks=needs_amx)])
def anywhere(request, monkeypatch):
    if request.param == "on any CPU":
        monkeypatch.setattr(onednn, "packed_int8_filters", lambda weight, *_: weight)
        monkeypatch.setattr(onednn, "int8_convolution", plainly)


def error(found, wanted):
    return ((found - wanted).abs().max() / wanted.abs().max()).item()


@pytest.mark.usefixtures("anywhere")
@pytest.mark.parametrize("size", [(16, 16), (33, 47), (1, 1), (2, 65)])
@pytest.mark.parametrize("shift", [-3.0, 0.0, 0.7])
def test_a_convolution_errs_by_a_ten_thousandth_of_its_largest_value(size, shift):
    x, weight = values(*size, 20) + shift, weights(24, 20)
    found = int8_split.convolve(x, int8_split.Filters(weight))
    assert found.is_contiguous(memory_format=torch.channels_last)
    assert error(found[0].permute(1, 2, 0), convolved(x, weight)) < 2e-4


@pytest.mark.usefixtures("anywhere")
@pytest.mark.parametrize("scale", [1e-25, 1e-6, 1e6, 1e25])
def test_the_error_is_relative_whatever_the_scale(scale):
    x, weight = values(9, 11, 8), weights(4, 8)
    found = int8_split.convolve(scale * x, int8_split.Filters(weight))[0].permute(1, 2, 0) / scale
    assert error(found, convolved(x, weight)) < 2e-4


@pytest.mark.usefixtures("anywhere")
def test_blocks_of_rows_give_what_the_whole_gives(monkeypatch):
    x, mask, weight = values(30, 12, 16), values(30, 12, 16, seed=2), weights(16, 16)
    filters = int8_split.Filters(weight)
    whole = int8_split.convolve(x, filters, mask)
    monkeypatch.setattr(int8_split, "FLOATS_PER_BLOCK", 7 * 12 * 16)
    blocks = int8_split.convolve(x, filters, mask)
    assert error(blocks, whole) < 2e-4
    assert error(blocks[0].permute(1, 2, 0), convolved(x * (mask > 0), weight)) < 2e-4


@pytest.mark.usefixtures("anywhere")
@pytest.mark.parametrize("scale", [0, 1])
def test_a_bias_is_added(scale):
    x, weight, bias = scale * values(9, 11, 8), weights(4, 8), torch.arange(4.0)
    found = int8_split.convolve(x, int8_split.Filters(weight), bias=bias)[0].permute(1, 2, 0)
    assert error(found, convolved(x, weight) + bias) < 2e-4


@pytest.mark.usefixtures("anywhere")
def test_nothing_gives_exactly_nothing():
    filters = int8_split.Filters(weights(4, 8))
    assert not int8_split.convolve(torch.zeros(9, 9, 8), filters).any()
    assert not int8_split.convolve(values(9, 9, 8), filters, mask=torch.zeros(9, 9, 8)).any()


@pytest.mark.usefixtures("anywhere")
def test_filters_of_zeros_give_zeros():
    weight = weights(4, 8)
    weight[2] = 0
    found = int8_split.convolve(values(9, 9, 8), int8_split.Filters(weight))
    assert not found[0, 2].any()
    assert found[0, 1].any()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.usefixtures("anywhere")
def test_nans_and_infinities_are_not_hidden(value):
    x = values(9, 9, 8)
    x[4, 4, 1] = value
    found = int8_split.convolve(x, int8_split.Filters(weights(4, 8)))
    assert not found[0, :, 4, 4].isfinite().any()


@pytest.mark.integration
@needs_amx
def test_kernels_whose_sums_overflow_are_not_trusted():
    command = "from style_transfer.network import onednn; print(onednn.has_fast_int8())"
    environment = os.environ | {"ONEDNN_MAX_CPU_ISA": "AVX2"}
    told = subprocess.run(
        [sys.executable, "-c", command], env=environment, capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "False"
