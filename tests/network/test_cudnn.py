"""cuDNN's backend: what it computes on a GPU, and that it is chosen there and nowhere else."""

import pytest
import torch
import torch.nn.functional as F

from style_transfer.network import POOLINGS, BackendSet, TimingCache, cudnn
from style_transfer.network.backend import Problem
from style_transfer.network.backends import BACKENDS
from style_transfer.network.convolution import Convolution
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
    """As cuDNN's, but for every device."""

    @classmethod
    def supports(cls, problem):
        return True


def by_torch(x, weight, bias, padding):
    return F.conv2d(x, weight, bias, padding=padding).relu_()


def to_nan(x, weight, bias, padding):
    """What takes NaNs from the memory that the result is to have."""
    return torch.full_like(by_torch(x, weight, bias, padding), torch.nan)


@pytest.fixture
def convolution_by(device, monkeypatch):
    """Makes a layer of the device that has the backend; without cuDNN, by torch's operators."""
    if not device.startswith("cuda"):
        monkeypatch.setattr(cudnn, "convolution_relu", by_torch)

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
        for _ in range(2):  # the first one compares it with torch's own
            y = layer(x, TimingCache(), relu=True, pooling=pooling)
        gradients += [each.cpu() for each in torch.autograd.grad(y.square().sum(), x)]
        found.append(y.detach().cpu())
    assert error(*found) < 2e-3  # as TF32 has it
    assert error(*gradients) < 2e-2  # where a value is nearly 0, the other's may be


@pytest.mark.every_device
def test_nans_are_not_hidden_by_its_relu(device, convolution_by):
    weight, bias = filters(8, 4)
    bias[3] = float("nan")
    layer = convolution_by(weight, bias)
    for x in (image(4, 9, 9).to(device), image(4, 9, 9, seed=1).to(device)):
        found = layer(x, TimingCache(), relu=True)
        assert found[0, 3].isnan().all()
        assert not found[0, :3].isnan().any()
    assert not layer.backends.disabled


@pytest.mark.every_device
def test_it_is_compared_with_torchs_own_once_at_each_size(device, convolution_by, monkeypatch):
    calls, original = [], cudnn.convolution_relu

    def counted(x, *others):
        calls.append(tuple(x.shape[2:]))
        return original(x, *others)

    monkeypatch.setattr(cudnn, "convolution_relu", counted)
    layer = convolution_by(*filters(8, 4))
    for side in (9, 9, 12):
        expected = by_torch(image(4, side, side), layer.weight.cpu(), layer.bias.cpu(), 1)
        found = layer(image(4, side, side).to(device), TimingCache(), relu=True)
        assert error(found.cpu(), expected) < 2e-3
    assert calls == [(9, 9), (9, 9), (12, 12)]


@pytest.mark.every_device
@pytest.mark.parametrize("wrong", [to_nan, lambda *arguments: 1.1 * by_torch(*arguments)])
def test_where_it_is_wrong_torchs_own_takes_over(
    device, convolution_by, monkeypatch, caplog, wrong
):
    layer = convolution_by(*filters(8, 4))
    monkeypatch.setattr(cudnn, "convolution_relu", wrong)
    expected = by_torch(image(4, 9, 9), layer.weight.cpu(), layer.bias.cpu(), 1)
    for _ in range(2):
        found = layer(image(4, 9, 9).to(device), TimingCache(), relu=True)
        assert error(found.cpu(), expected) < 2e-3
    assert layer.backends.disabled == {"cudnn"}
    (record,) = caplog.records
    assert "cudnn are off" in record.getMessage()


@pytest.mark.every_device
def test_settings_of_torch_that_it_would_not_heed_are_heeded(device, convolution_by, monkeypatch):
    def refused(*_):
        raise AssertionError

    monkeypatch.setattr(cudnn, "convolution_relu", refused)
    layer = convolution_by(*filters(8, 4))
    monkeypatch.setattr(torch.backends.cudnn, "deterministic", True)
    assert layer(image(4, 9, 9).to(device), TimingCache(), relu=True).shape == (1, 8, 9, 9)
    assert not layer.backends.disabled
