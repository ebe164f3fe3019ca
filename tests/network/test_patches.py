import pytest
import torch
import torch.nn.functional as F

from style_transfer.network import LAYERS, PIXELS
from style_transfer.network.patches import PATCH_CHANNELS, pixel_patches
from tests.conftest import smooth_picture

pytestmark = pytest.mark.every_device


def test_patches_are_a_rotation_of_the_pixels(device):
    image = smooth_picture(0, 7, 9).double().to(device)
    found, pixels = pixel_patches(image), F.unfold(image, 3)
    assert found.shape == (1, PATCH_CHANNELS, 5, 7)
    flat = found.flatten(2)
    torch.testing.assert_close(flat.mT @ flat, pixels.mT @ pixels)  # all lengths and angles


def test_a_plain_colour_has_only_the_three_channels_of_the_mean(device):
    image = torch.tensor([0.2, 0.5, 0.9]).view(1, 3, 1, 1).expand(1, 3, 6, 6).to(device)
    found = pixel_patches(image)[0, :, 0, 0].cpu().view(3, 9)  # (colour component, place component)
    assert found[:, 1:].abs().max() < 1e-6
    assert found[:, 0].norm() == pytest.approx(3 * (0.2**2 + 0.5**2 + 0.9**2) ** 0.5)


def test_the_network_yields_pixels_first_and_computes_nothing_else_for_them(network):
    image = smooth_picture(0, 32, 40).to(network.device)
    ((layer, patches),) = network.activations(image, [PIXELS])
    assert layer == PIXELS
    assert torch.equal(patches, pixel_patches(image))
    assert [*network(image, ["relu1_1", PIXELS])] == [PIXELS, "relu1_1"]
    assert network.multiplications(100, [PIXELS]).keys() == {PIXELS}


def test_pixels_are_a_layer_of_no_convolution():
    assert PIXELS not in LAYERS
