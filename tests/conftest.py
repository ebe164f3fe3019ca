import atexit
import gc
import shutil
import signal
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from tempfile import mkdtemp
from zlib import crc32

import pytest
import torch
from torch import Tensor

from style_transfer import devices
from style_transfer.images import resize
from style_transfer.network import NETWORKS, VGG, convolution, load_network, machine_file
from style_transfer.network.networks import SPECS
from style_transfer.network.timing_cache import Timing
from style_transfer.presets import PRESETS
from style_transfer.runs import CostModel
from style_transfer.settings import Settings
from tests import fake_accelerator

# Small pictures gain nothing from a second thread, and on a busy machine it costs tenfold.
torch.set_num_threads(1)

# Keeps what tests measure, or make up, out of the user's cache. From here on, and not in a fixture:
# networks may be loaded while tests are collected, and read it then.
CACHE = Path(mkdtemp(prefix="style-transfer-tests-"))
atexit.register(shutil.rmtree, CACHE, ignore_errors=True)
machine_file.user_cache_path = lambda *_: CACHE

# For tests that write the losses out, or must not depend on the defaults.
LECTURE = Settings(**PRESETS["Lecture"])

CPU = devices.CPU
ACCELERATOR = devices.present()[0]
if ACCELERATOR == CPU:
    ACCELERATOR = str(fake_accelerator.DEVICE)
WITHOUT_FLOAT64 = "simulated, without float64"


def pytest_collection_finish() -> None:
    """Leave the million objects that the imports made out of all garbage collections to come."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def no_garbage() -> None:
    """Collect what other tests left, before a test that looks at what is held in memory.

    Finalizers may complain (see `filterwarnings`). Pytest keeps such a complaint until the test
    ends, with the frame in which it was raised and all that this frame holds.
    """
    gc.collect()


@pytest.fixture(autouse=True, scope="session")
def ctrl_c() -> None:
    """Let Ctrl-C end programs: a shell that runs tests in the background has it ignored."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True, scope="session")
def weights_read_once() -> Iterator[None]:
    """Let all networks of a process, of which tests make many, share what is read from disk."""
    spec = SPECS[NETWORKS[0]]
    read = cache(spec.load_weights)

    def weights() -> list[tuple[Tensor, Tensor]]:
        return [(weight.clone(), bias.clone()) for weight, bias in read()]

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(SPECS, NETWORKS[0], replace(spec, load_weights=weights))
        yield


@pytest.fixture
def known_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no run measure how long its steps take."""
    monkeypatch.setattr(CostModel, "measure", lambda *_: CostModel(0.01, 1e-6))


@pytest.fixture(autouse=True)
def timed_backends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give all shapes a fastest backend without measuring: each has its share, always the same."""

    def timings(problem: object, names: Iterable[str], *_: object) -> dict[str, Timing]:
        return {name: (float(crc32(f"{problem} {name}".encode())), 0.0) for name in names}

    for name in ("measure", "measure_at"):
        monkeypatch.setattr(convolution, name, timings)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test marked `every_device` on the CPU and on the accelerator, be it simulated."""
    if metafunc.definition.get_closest_marker("every_device"):
        metafunc.fixturenames.append("device")
        accelerators = [pytest.param(ACCELERATOR, id="accelerator", marks=pytest.mark.integration)]
        if metafunc.definition.get_closest_marker("without_float64"):
            accelerators.append(
                pytest.param(WITHOUT_FLOAT64, id="without-float64", marks=pytest.mark.integration)
            )
        metafunc.parametrize("device", [CPU, *accelerators], indirect=True)


@pytest.fixture(autouse=True)
def device(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The device that runs take by default: a test is about the CPU unless its marker says more."""
    param = getattr(request, "param", CPU)
    device = str(fake_accelerator.DEVICE) if param == WITHOUT_FLOAT64 else param
    monkeypatch.setenv(devices.VARIABLE, device)
    simulated = device == str(fake_accelerator.DEVICE)
    simulate = partial(fake_accelerator.simulated, float64=param != WITHOUT_FLOAT64)
    with simulate() if simulated else nullcontext():
        yield device


@pytest.fixture
def network(device: str) -> VGG:
    """The network of the process on the device of the test."""
    return load_network(device=device)


def smooth_picture(seed: int, height: int = 48, width: int = 48) -> Tensor:
    """A picture of soft blobs, (1, 3, height, width) in [0, 1]: unlike noise, it can be reduced."""
    blobs = torch.rand((1, 3, 8, 8), generator=torch.Generator().manual_seed(seed))
    return resize(blobs, (height, width)).clamp(0, 1)


@pytest.fixture
def photo(device: str) -> Tensor:
    return smooth_picture(1).to(device)


@pytest.fixture
def tall_photo(device: str) -> Tensor:
    """A photo that is painted in two stages, 96 x 32 and 192 x 64."""
    return smooth_picture(3, 192, 64).to(device)


@pytest.fixture
def painting(device: str) -> Tensor:
    return smooth_picture(2).to(device)
