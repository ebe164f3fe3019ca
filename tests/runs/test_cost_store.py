from types import SimpleNamespace

import pytest

from style_transfer.network import MachineFile
from style_transfer.runs.cost_model import CostModel
from style_transfer.runs.cost_store import CostStore
from style_transfer.settings import Settings


@pytest.fixture
def measured(monkeypatch):
    """The settings that were measured; each measurement takes a second longer."""
    found = []

    def measure(network, settings, device):
        found.append(settings)
        return CostModel(float(len(found)), 0.5)

    monkeypatch.setattr(CostModel, "measure", measure)
    return found


def network(name="vgg", store=True):
    """A network of this machine, or one with timings of another."""
    return SimpleNamespace(
        name=name,
        device="cpu",
        timing_store=object() if store else None,
        remember_timings=lambda: None,
    )


def test_another_process_does_not_measure_again(tmp_path, measured):
    first = CostStore(tmp_path).cost_model(network(), Settings())
    assert CostStore(tmp_path).cost_model(network(), Settings(beta=9, steps=3)) == first
    assert len(measured) == 1


def test_what_costs_otherwise_is_measured(tmp_path, measured):
    store = CostStore(tmp_path)
    found = [
        store.cost_model(network(), Settings()),
        store.cost_model(network("other"), Settings()),
        store.cost_model(network(), Settings(statistic="gram")),
        store.cost_model(network(), Settings(motifs=0)),
    ]
    assert len(measured) == 4
    assert CostStore(tmp_path).cost_model(network(), Settings(statistic="gram")) == found[2]


def test_what_is_measured_anew_replaces_what_was_known(tmp_path, measured):
    CostStore(tmp_path).cost_model(network(), Settings())
    newest = CostStore(tmp_path).cost_model(network(), Settings(), anew=True)
    assert CostStore(tmp_path).cost_model(network(), Settings()) == newest == CostModel(2.0, 0.5)


def test_timings_of_another_machine_are_not_shared(tmp_path, measured):
    store = CostStore(tmp_path)
    for _ in range(2):
        store.cost_model(network(store=False), Settings())
    assert len(measured) == 2


@pytest.mark.parametrize(
    "data", [None, [1], {"x": 1}, {"x": [0, 0]}, {"x": [1, "2"]}, {"x": [10**400, 1]}]
)
def test_what_are_no_cost_models_is_measured(tmp_path, measured, data):
    MachineFile("costs", tmp_path).update(lambda _: data)
    assert CostStore(tmp_path).cost_model(network(), Settings()) == CostModel(1.0, 0.5)
    assert CostStore(tmp_path).cost_model(network(), Settings()) == CostModel(1.0, 0.5)
