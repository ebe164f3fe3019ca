import pytest

# Options for short runs: what is tested here does not depend on how much the losses compare.
QUICK = (
    *("--steps", "3", "--style-layers", "relu1_1", "relu2_1", "--content-layer", "relu2_1"),
    *("--statistic", "gram", "--motifs", "0"),
)


@pytest.fixture(autouse=True)
def costs(known_costs: None) -> None:
    """Let no command measure how long steps take, which would take longer than its picture."""
