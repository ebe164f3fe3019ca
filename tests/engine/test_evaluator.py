import pytest
import torch

from style_transfer import devices
from style_transfer.engine.evaluator import Evaluation, LossesOnDevice, losses_read

NAMES = ("style", "total")


@pytest.fixture
def reads(monkeypatch):
    """Grows each time that values are waited for."""
    reads = []

    def read_later(tensor):
        return lambda: reads.append("") or tensor.tolist()

    monkeypatch.setattr("style_transfer.engine.evaluator.read_later", read_later)
    return reads


def test_losses_on_a_device_are_waited_for_once_and_only_when_asked_for(reads):
    losses = LossesOnDevice(NAMES, torch.tensor([0.5, 2.0]))
    assert (list(losses), len(losses)) == ([*NAMES], 2)
    assert reads == []
    assert dict(losses) == {"style": 0.5, "total": 2.0}
    assert losses["total"] == 2
    assert reads == [""]


@pytest.mark.every_device
def test_losses_are_read_at_once_where_the_device_is_done(device):
    losses = losses_read(NAMES, torch.tensor([0.5, 2.0]).to(device))
    assert isinstance(losses, LossesOnDevice) == devices.runs_ahead(device)
    assert losses == {"style": 0.5, "total": 2.0}


def test_an_evaluation_is_finite_where_total_and_gradient_are():
    gradient, nan = torch.ones(1, 3, 2, 2), torch.full((1, 3, 2, 2), torch.nan)
    assert Evaluation({"total": 1.0}, gradient).finite
    assert not Evaluation({"total": float("nan")}, gradient).finite
    assert not Evaluation({"total": float("inf")}, gradient).finite
    assert not Evaluation({"total": 1.0}, nan).finite
    # There the total says it, so that the gradient need not be waited for.
    assert Evaluation(LossesOnDevice(("total",), torch.ones(1)), nan).finite
