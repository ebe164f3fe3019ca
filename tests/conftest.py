import pytest
import torch

from style_transfer.images import resize
from style_transfer.network import VGG, load_network

# Small pictures gain nothing from a second thread, and on a busy machine it costs tenfold.
torch.set_num_threads(1)


@pytest.fixture(scope="session")
def network() -> VGG:
    return load_network()


def smooth_picture(seed, height=48, width=48):
    """A picture of soft blobs, (1, 3, height, width) in [0, 1]: unlike noise, it can be reduced."""
    blobs = torch.rand((1, 3, 8, 8), generator=torch.Generator().manual_seed(seed))
    return resize(blobs, (height, width)).clamp(0, 1)


@pytest.fixture
def photo():
    return smooth_picture(1)


@pytest.fixture
def tall_photo():
    """A photo that is painted in two stages, 96 x 32 and 192 x 64."""
    return smooth_picture(3, 192, 64)


@pytest.fixture
def painting():
    return smooth_picture(2)
