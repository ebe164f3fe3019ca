import pytest
import torch

from style_transfer.cook_toom import POINTS, transforms


def convolved(inputs, taps):
    """The m outputs of three taps that slide over m + 2 inputs."""
    return inputs.unfold(0, 3, 1) @ taps


@pytest.mark.parametrize("m", POINTS)
def test_m_outputs_come_from_m_plus_2_products(m):
    forward, _ = transforms(m)
    generator = torch.Generator().manual_seed(m)
    inputs, taps = torch.randn(m + 2, generator=generator), torch.randn(3, generator=generator)
    products = (forward.filters.float() @ taps) * (forward.inputs @ inputs)
    assert products.shape == (m + 2,)
    torch.testing.assert_close(
        forward.outputs @ products, convolved(inputs, taps), rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize("m", POINTS)
def test_the_same_filters_serve_a_filter_turned_round(m):
    forward, backward = transforms(m)
    generator = torch.Generator().manual_seed(m)
    inputs, taps = torch.randn(m + 2, generator=generator), torch.randn(3, generator=generator)
    products = (forward.filters.float() @ taps) * (backward.inputs @ inputs)
    torch.testing.assert_close(
        backward.outputs @ products, convolved(inputs, taps.flip(0)), rtol=1e-4, atol=1e-4
    )
