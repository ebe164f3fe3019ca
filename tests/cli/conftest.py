from functools import cache

import pytest

from style_transfer.runs import CostModel

measured = cache(CostModel.measure)  # takes seconds, and each command measures anew


@pytest.fixture(autouse=True)
def one_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let all commands of this process share the cost model of a network."""
    monkeypatch.setattr(CostModel, "measure", lambda network, *_: measured(network))
