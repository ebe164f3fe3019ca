import pytest

from style_transfer.ui.handlers import watch


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody wait from one preview to the next, nor long between two looks at the queue."""
    monkeypatch.setattr(watch, "PREVIEW_INTERVAL", 0.0)
    monkeypatch.setattr(watch, "HEARTBEAT", 0.05)
