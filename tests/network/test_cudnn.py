"""cuDNN's backend: what it computes on a GPU, and that it is chosen there and nowhere else."""

import pytest
import torch
import torch.nn.functional as F

from style_transfer.network import POOLINGS, BackendSet, TimingCache, cudnn
from style_transfer.network.backend import Problem
from style_transfer.network.backends import BACKENDS
from style_transfer.network.convolution import Convolution
from tests.conftest import ACCELERATOR
from tests.network.reference import error, filters, image

ON_GPU = Problem(64, 64, device="cuda")


@pytest.fixture
def here(monkeypatch):
    """A torch that is made for NVIDIA's GPUs."""
    monkeypatch.setattr(torch.version, "hip", None)
    monkeypatch.setattr(torch.backends.cudnn, "is_available", lambda: True)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("backward", [False, True])
def test_it_replaces_torchs_own_on_nvidias_gpus(backward):
    problem = Problem(3, 64, padding=0, device="cuda", backward=backward)
    assert BackendSet().candidates(problem) == ["cudnn"]


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    "other", [{"device": "cpu"}, {"device": "xpu"}, {"device": "mps"}, {"dtype": torch.float64}]
)
def test_it_is_for_nothing_else(other):
    assert "cudnn" not in BackendSet().supporting(Problem(**(ON_GPU.__dict__ | other)))


@pytest.mark.usefixtures("here")
def test_rocm_whose_devices_have_the_same_name_has_torchs_own(monkeypatch):
    monkeypatch.setattr(torch.version, "hip", "6.4")
    assert BackendSet().only_fallback(ON_GPU)


def test_a_build_without_cudnn_has_torchs_own(monkeypatch):
    monkeypatch.setattr(torch.backends.cudnn, "is_available", lambda: False)
    assert BackendSet().only_fallback(ON_GPU)


class OfDevice(BACKENDS["cudnn"]):
    """As cuDNN's, but of the device of the tests, on which it is called as cuDNN would be."""

    @classmethod
    def supports(cls, problem):
        return problem.device != "cpu"


@pytest.fixture
def convolution_by(device, monkeypatch):
    """Makes a layer of the device that has the backend; where it is simulated, torch's operator."""

    def convolution_relu(x, weight, bias, padding):
        return F.conv2d(x, weight, bias, padding=padding).relu_()

    if not ACCELERATOR.startswith("cuda"):
        monkeypatch.setattr(cudnn, "convolution_relu", convolution_relu)

    def make(weight, bias, padding="zeros"):
        backends = BackendSet({"torch": BACKENDS["torch"], "cudnn": OfDevice})
        layer = Convolution(weight, bias, padding, backends)
        return layer.to(device)

    return make


@pytest.mark.every_device
@pytest.mark.parametrize("pooling", [None, *POOLINGS])
@pytest.mark.parametrize("padding", ["zeros", "replicate"])
def test_a_layer_and_its_gradient_are_the_cpus(device, convolution_by, padding, pooling):
    weight, bias = filters(32, 16)
    found, gradients = [], []
    for layer, where in (
        (convolution_by(weight, bias, padding), device),
        (Convolution(weight, bias, padding, BackendSet({"torch": BACKENDS["torch"]})), "cpu"),
    ):
        x = image(16, 13, 18).to(where).requires_grad_()
        y = layer(x, TimingCache(), relu=True, pooling=pooling)
        gradients += [each.cpu() for each in torch.autograd.grad(y.square().sum(), x)]
        found.append(y.detach().cpu())
    assert error(*found) < 2e-3  # as TF32 has it
    assert error(*gradients) < 2e-2  # where a value is nearly 0, the other's may be


@pytest.mark.every_device
def test_nans_are_not_hidden_by_its_relu(device, convolution_by):
    weight, bias = filters(8, 4)
    bias[3] = float("nan")
    x = image(4, 9, 9).to(device)
    found = convolution_by(weight, bias)(x, TimingCache(), relu=True)
    assert found[0, 3].isnan().all()
    assert not found[0, :3].isnan().any()
