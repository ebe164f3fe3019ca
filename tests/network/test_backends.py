"""Every backend, on the CPU, against torch in float64; and which of them support what."""

import pytest
import torch
import torch.nn.functional as F

from style_transfer.network.backend import Problem
from style_transfer.network.backends import BACKENDS, BackendFailed, BackendSet
from style_transfer.network.thread_pool import ThreadPool
from tests.network.reference import SIZES, error, filters, float64_gradient, image

MACHINE = {"onednn": Problem(64, 64), "int8_split": Problem(64, 64, backward=True)}
HERE = [
    pytest.param(
        name,
        marks=pytest.mark.skipif(
            name in MACHINE and not BACKENDS[name].supports(MACHINE[name]),
            reason="This CPU lacks what the backend needs.",
        ),
    )
    for name in BACKENDS
    if name != "cudnn"  # of GPUs, see test_cudnn.py
]
FORWARD = [each for each in HERE if each.values != ("col2im",)]
TOLERANCE = dict.fromkeys(BACKENDS, 2e-5) | {"int8_split": 2e-4}
CHANNELS = [(5, 7), (64, 32), (32, 64)]  # whatever is worth while: any can compute any


def backend(name, ins=5, outs=7, padding=1):
    return BACKENDS[name](*filters(outs, ins), padding, ThreadPool())


@pytest.mark.parametrize("name", FORWARD)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("ins", "outs"), CHANNELS)
@pytest.mark.parametrize("relu", [False, True])
def test_a_convolution_agrees_with_float64(name, size, ins, outs, relu):
    weight, bias = filters(outs, ins)
    x = image(ins, *size)
    expected = F.conv2d(x.double(), weight.double(), bias.double(), padding=1)
    found = backend(name, ins, outs).forward(x, relu)
    assert error(found.double(), expected.clamp_min(0) if relu else expected) < TOLERANCE[name]


@pytest.mark.parametrize("name", HERE)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("ins", "outs"), CHANNELS)
@pytest.mark.parametrize("masked", [False, True])
def test_a_gradient_agrees_with_float64(name, size, ins, outs, masked):
    weight, _ = filters(outs, ins)
    gradient, mask = image(outs, *size), image(outs, *size, seed=1) if masked else None
    kept = gradient if mask is None else gradient * (mask > 0)
    expected = float64_gradient(image(ins, *size), weight, kept, padding=1)
    found = backend(name, ins, outs).backward(gradient, mask)
    assert error(found.double(), expected) < TOLERANCE[name]


@pytest.mark.parametrize("name", ["torch", "col2im"])
@pytest.mark.parametrize("size", [*SIZES, (70, 23)])
def test_a_gradient_without_padding_agrees_with_float64(name, size):
    weight, _ = filters(8, 3)
    gradient, mask = image(8, *size), image(8, *size, seed=1)
    x = image(3, size[0] + 2, size[1] + 2)
    expected = float64_gradient(x, weight, gradient * (mask > 0), padding=0)
    found = backend(name, 3, 8, padding=0).backward(gradient, mask)
    assert error(found.double(), expected) < 2e-5


@pytest.mark.parametrize("name", FORWARD)
def test_nans_are_not_hidden(name):
    weight, bias = filters(7, 5)
    bias[3] = float("nan")
    found = BACKENDS[name](weight, bias, 1, ThreadPool()).forward(image(5, 9, 9), relu=True)
    assert found[0, 3].isnan().all()


@pytest.mark.parametrize("problem", [Problem(64, 64), Problem(3, 64, 0), Problem(128, 256)])
@pytest.mark.parametrize(
    "kind", [{"dtype": torch.float64}, {"device": "xpu"}, {"device": "mps"}, {"batch": 2}]
)
def test_torch_alone_computes_what_is_not_one_float32_image_on_the_cpu(problem, kind):
    other = Problem(**(problem.__dict__ | kind))
    assert BackendSet().supporting(other) == ["torch"]
    assert BackendSet().only_fallback(other)


@pytest.mark.parametrize("padding", [0, 1])
def test_the_channels_of_an_image_have_a_backend_of_their_own_for_the_gradient(padding):
    backends = BackendSet()
    assert "col2im" in backends.candidates(Problem(3, 64, padding, backward=True))
    assert "col2im" not in backends.candidates(Problem(3, 64, padding))
    assert "col2im" not in backends.candidates(Problem(64, 64, padding, backward=True))
    assert set(backends.candidates(Problem(3, 64, 0, backward=True))) == {"torch", "col2im"}


@pytest.mark.parametrize("backward", [False, True])
def test_many_channels_without_zero_padding_are_torchs_own(backward):
    assert BackendSet().candidates(Problem(64, 64, 0, backward=backward)) == ["torch"]


def test_winograd_is_for_many_channels():
    assert "winograd" in BackendSet().candidates(Problem(64, 64))
    assert "winograd" not in BackendSet().candidates(Problem(32, 64))


@pytest.mark.parametrize("int8", [False, True])
def test_what_shares_kernels_with_a_faster_one_is_not_measured(monkeypatch, int8):
    monkeypatch.setattr("style_transfer.network.onednn.available", lambda: True)
    monkeypatch.setattr("style_transfer.network.onednn.has_fast_int8", lambda: int8)
    forward, backward = (
        set(BackendSet().candidates(Problem(64, 64, backward=each))) for each in (False, True)
    )
    assert forward == {"winograd", "onednn"}
    assert backward == ({"torch", "winograd", "int8_split"} if int8 else forward)


def test_int8_never_computes_what_a_gradient_is_taken_of(monkeypatch):
    monkeypatch.setattr("style_transfer.network.onednn.has_fast_int8", lambda: True)
    assert "int8_split" not in BackendSet().supporting(Problem(64, 64))
    assert "int8_split" in BackendSet().supporting(Problem(64, 64, approximate=True))


def test_a_backend_whose_support_cannot_be_told_is_left_out(monkeypatch, caplog):
    class Changed(BACKENDS["onednn"]):
        @classmethod
        def supports(cls, problem):
            raise AttributeError("no such operator")

    backends = BackendSet(BACKENDS | {"onednn": Changed})
    for _ in range(2):
        assert set(backends.candidates(Problem(64, 64))) == {"torch", "winograd"}
    assert backends.disabled == {"onednn"}
    assert len(caplog.records) == 1


def test_sets_of_backends_do_not_disable_each_others(caplog):
    one, other = BackendSet(), BackendSet()
    with pytest.raises(BackendFailed), one.guard("winograd"):
        raise RuntimeError("changed")
    assert "winograd" not in one.candidates(Problem(64, 64))
    assert "winograd" in other.candidates(Problem(64, 64))


def test_what_the_user_interrupts_disables_nothing():
    backends = BackendSet()
    with pytest.raises(KeyboardInterrupt), backends.guard("winograd"):
        raise KeyboardInterrupt
    assert not backends.disabled
