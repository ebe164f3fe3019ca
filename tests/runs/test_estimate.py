import pytest

from style_transfer.runs import memory
from style_transfer.runs.cost_model import Speed
from style_transfer.runs.estimate import Forecast
from style_transfer.settings import Settings

SETTINGS = Settings(steps=10)


def test_a_run_is_told_in_words(network, monkeypatch):
    monkeypatch.setattr("style_transfer.runs.cost_model.measured", lambda _: Speed(0.0, 1e-6))
    forecast = Forecast.of(network, (64, 96), [(200, 300)], SETTINGS)
    assert forecast.seconds == pytest.approx(11 * 64 * 96 * 1e-6)  # and one to enter the stage
    assert str(Forecast(71.2, 640_000_000)) == "about 71 s and 0.6 GB of memory"
    assert str(Forecast(2520, 6_840_000_000)) == "about 42 min and 6.8 GB of memory"


def test_what_does_not_fit_is_refused(network, monkeypatch):
    monkeypatch.setattr(memory, "available", lambda _: 10)
    with pytest.raises(ValueError, match="choose a smaller size"):
        Forecast.of(network, (64, 96), [(300, 400)], SETTINGS)
