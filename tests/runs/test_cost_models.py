import threading
from types import SimpleNamespace

import pytest

from style_transfer.runs.cost_model import CostModel
from style_transfer.runs.cost_models import CostModels
from style_transfer.runs.scheduler import Scheduler
from style_transfer.settings import Settings


class Network:
    """What is measured of a network, beside its steps."""

    name, device, timing_store = "vgg", "cpu", None

    def remember_timings(self):
        pass


NETWORK = Network()
DEFAULT, OTHER, THIRD = Settings(), Settings(statistic="gram"), Settings(statistic="bures")


@pytest.fixture
def measuring(monkeypatch):
    """Measurements that end when they may; `begun` are the statistics they are of."""
    state = SimpleNamespace(begun=[], may_end=threading.Event())

    def measure(network, settings, device):
        state.begun.append(settings.statistic)
        assert state.may_end.wait(20)
        return CostModel(float(len(state.begun)), 0.5)

    state.may_end.set()
    monkeypatch.setattr(CostModel, "measure", measure)
    return state


@pytest.fixture
def scheduler():
    return Scheduler()


@pytest.fixture
def models(scheduler):
    return CostModels(scheduler)


def test_who_asks_while_another_measures_gets_the_cost_of_other_settings(models, measuring):
    first = models.get(NETWORK, DEFAULT)
    measuring.may_end.clear()
    thread = threading.Thread(target=models.get, args=(NETWORK, OTHER))
    thread.start()
    while len(measuring.begun) < 2:
        pass
    assert models.get(NETWORK, THIRD) is first
    measuring.may_end.set()
    thread.join()
    assert models.get(NETWORK, OTHER).seconds_per_step == 2
    assert measuring.begun == ["wasserstein", "gram"]


def test_runs_have_the_device_for_most_of_the_time_whatever_is_asked_for(
    models, scheduler, measuring, monkeypatch
):
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr("style_transfer.runs.cost_models.time.monotonic", lambda: clock.now)

    def measure(*_):
        measuring.begun.append(clock.now)
        clock.now += 2  # s
        return CostModel(1.0, 1.0)

    monkeypatch.setattr(CostModel, "measure", measure)
    layers = [f"relu{block}_1" for block in (1, 2, 3, 4, 5)]
    for number in range(1, 32):
        chosen = [layer for bit, layer in enumerate(layers) if number >> bit & 1]
        models.get(NETWORK, Settings(style_layers=chosen))
        with scheduler:
            clock.now += 0.5  # a step
    assert 2 * len(measuring.begun) <= 0.25 * clock.now


def test_where_nothing_else_is_computed_all_is_measured_at_once(models, measuring):
    asked = [models.get(NETWORK, each) for each in (DEFAULT, OTHER, THIRD)]
    assert [each.seconds_per_step for each in asked] == [1, 2, 3]
    assert [each.settings for each in asked] == [DEFAULT, OTHER, THIRD]


def test_what_is_asked_for_anew_is_measured_beside_runs_too(models, scheduler, measuring):
    models.get(NETWORK, DEFAULT)
    with scheduler:
        pass
    assert models.get(NETWORK, DEFAULT, anew=True).seconds_per_step == 2


def test_a_run_makes_its_steps_between_those_of_a_measurement(models, scheduler, monkeypatch):
    def step():
        with scheduler:
            pass

    def measure(network, settings, device):
        run = threading.Thread(target=step)
        with device:
            run.start()
        run.join(20)
        assert not run.is_alive()
        return CostModel(1.0, 1.0)

    monkeypatch.setattr(CostModel, "measure", measure)
    assert models.get(NETWORK, DEFAULT).seconds_per_step == 1
