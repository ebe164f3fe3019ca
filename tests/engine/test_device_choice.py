import logging

import pytest
import torch

from style_transfer.devices import VARIABLE
from style_transfer.engine import device_choice
from style_transfer.engine.device_choice import (
    TOLERANCE,
    chosen_device,
    default_device,
    default_size,
    differences,
)
from tests import fake_accelerator


@pytest.fixture(autouse=True)
def unchecked():
    """Each test chooses anew."""
    device_choice._first_right.cache_clear()
    yield
    device_choice._first_right.cache_clear()


@pytest.fixture
def told(caplog):
    caplog.set_level(logging.INFO, "style_transfer")
    return caplog


def test_with_the_cpu_alone_nothing_is_checked(monkeypatch, told):
    monkeypatch.setattr(device_choice, "present", lambda: ["cpu"])
    monkeypatch.setattr(device_choice, "differences", None)
    assert chosen_device() == "cpu"
    assert not told.records


@pytest.mark.integration
def test_a_device_that_computes_what_the_cpu_does_is_taken_and_the_check_is_made_once(told):
    with fake_accelerator.simulated():
        assert chosen_device() == chosen_device("auto") == str(fake_accelerator.DEVICE)
    (record,) = told.records
    assert "meta serves" in record.getMessage()
    assert "s to check" in record.getMessage()


def test_one_that_computes_something_else_is_passed_over(monkeypatch, told):
    monkeypatch.setattr(device_choice, "present", lambda: ["mps", "cuda:1", "cpu"])
    monkeypatch.setattr(device_choice, "load_network", lambda device: device)
    wrong = {"losses": 0.01, "gradient": 1.3}, {"losses": float("nan"), "gradient": 0.01}
    found = dict(zip(("mps", "cuda:1"), wrong, strict=True))
    monkeypatch.setattr(device_choice, "differences", lambda network: found[network])
    assert chosen_device() == "cpu"
    assert [record.getMessage() for record in told.records] == [
        "mps is passed over, since its gradient differs from the CPU's by 130 %.",
        "cuda:1 is passed over, since its losses differs from the CPU's by nan %.",
    ]


def test_one_that_fails_is_passed_over_in_one_sentence(monkeypatch, told):
    def fail(device):
        raise NotImplementedError("aten::linalg_eigh is\nnot implemented for MPS")

    monkeypatch.setattr(device_choice, "present", lambda: ["mps", "cpu"])
    monkeypatch.setattr(device_choice, "load_network", fail)
    assert chosen_device() == "cpu"
    (record,) = told.records
    assert record.getMessage() == (
        "mps is passed over, since a step there fails: "
        "NotImplementedError: aten::linalg_eigh is not implemented for MPS"
    )


@pytest.mark.integration
@pytest.mark.every_device
@pytest.mark.without_float64
def test_every_device_computes_a_step_as_the_cpu_does(network, device):
    found = differences(network)
    assert {name.partition(" with ")[0] for name in found} == {
        "losses", "colours", "gradient", "first step", "second step",
    }  # fmt: skip
    assert max(found.values()) < TOLERANCE / 2


@pytest.mark.integration
@pytest.mark.parametrize(
    ("module", "name", "part"),
    [(torch.fft, "irfft2", "first step"), (torch.nn.functional, "avg_pool2d", "gradient")],
)
def test_a_wrong_operation_is_found(monkeypatch, network, module, name, part):
    right, step, wrong = getattr(module, name), device_choice._step, [True]

    def operation(*arguments, **options):
        result = right(*arguments, **options)
        return result.flip(-1) if wrong[0] else result

    def every_other_wrong(network, settings):  # that of the device, then that of the CPU
        found = step(network, settings)
        wrong[0] = not wrong[0]
        return found

    monkeypatch.setattr(module, name, operation)
    monkeypatch.setattr(device_choice, "_step", every_other_wrong)
    assert differences(network)[f"{part} with the paper's settings"] > TOLERANCE


def test_the_environment_names_the_device_and_the_device_the_size(monkeypatch):
    assert default_device({}) == default_device({VARIABLE: " CPU "}) == "cpu"
    with pytest.raises(ValueError, match="no device 'cuda:9' here"):
        default_device({VARIABLE: "cuda:9"})
    monkeypatch.setenv(VARIABLE, "cpu")
    assert default_device() == "cpu"
    assert default_size() == default_size("cpu") < default_size("cuda:1")
