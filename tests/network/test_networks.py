"""The architectures, against those of torchvision."""

import pytest
import torchvision
from torch import nn

from style_transfer.network.networks import SPECS


@pytest.mark.parametrize("name", SPECS)
def test_the_architecture_is_torchvisions(name):
    make = getattr(torchvision.models, name.rpartition("-")[2])
    blocks = [
        "M" if isinstance(module, nn.MaxPool2d) else module.out_channels
        for module in make(weights=None, init_weights=False).features
        if isinstance(module, nn.MaxPool2d | nn.Conv2d)
    ]
    assert list(SPECS[name].blocks) == blocks
