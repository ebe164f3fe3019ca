import pytest

from style_transfer.runs.cost_model import ENTRY_STEPS, CostModel
from style_transfer.runs.estimate import Estimate
from style_transfer.settings import Settings


def test_an_estimate_is_told_in_words():
    cost_model = CostModel(0.0, 1e-6)
    estimate = Estimate.of(cost_model, (64, 96), [(200, 300)], Settings(steps=10))
    steps = 10 + ENTRY_STEPS  # to enter the stage
    assert estimate.seconds == pytest.approx(steps * 64 * 96 * 1e-6)
    assert str(Estimate(71.2, 640_000_000)) == "about 71 s and 0.6 GB of memory"
    assert str(Estimate(2520, 6_840_000_000)) == "about 42 min and 6.8 GB of memory"
