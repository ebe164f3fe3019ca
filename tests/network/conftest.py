import pytest


@pytest.fixture(autouse=True)
def timed_backends() -> None:
    """Let backends be measured: that is what is tested here."""
