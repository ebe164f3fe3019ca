"""Pictures for the tests of the engine, of which many make whole runs: as small as these can be."""

import pytest
from torch import Tensor

from tests.conftest import smooth_picture

SIDE = 32  # px


@pytest.fixture
def photo(device: str) -> Tensor:
    return smooth_picture(1, SIDE, SIDE).to(device)


@pytest.fixture
def painting(device: str) -> Tensor:
    return smooth_picture(2, SIDE, SIDE).to(device)
