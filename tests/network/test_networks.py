"""The architectures, against those of torchvision."""

import pytest

from style_transfer.network.networks import SPECS


@pytest.mark.integration  # torchvision takes seconds to import
def test_the_architectures_are_torchvisions():
    from torchvision.models.vgg import cfgs

    for name, spec in SPECS.items():
        assert list(spec.blocks) == cfgs[{"vgg16": "D", "vgg19": "E"}[name.rpartition("-")[2]]]
