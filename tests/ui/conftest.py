import pytest

from style_transfer.runs import CostModel, Limits, RunService

pytest.importorskip("gradio")

from style_transfer.ui.session.session import Session
from style_transfer.ui.session.sessions import PageContext


@pytest.fixture
def uploads(tmp_path, monkeypatch):
    """The upload folder of Gradio."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    return tmp_path / "uploads"


@pytest.fixture
def service(tmp_path, monkeypatch):
    """A service whose runs are computed by threads of this process, without measuring its speed."""
    monkeypatch.setattr(CostModel, "measure", lambda *_: CostModel(0.01, 1e-6))
    return RunService(Limits(), tmp_path / "checkpoints")


@pytest.fixture
def context(service, uploads):
    """What the handlers of one page share."""
    return PageContext.of(service)


@pytest.fixture
def session(uploads):
    """A session of an open page."""
    session = Session("a page")
    yield session
    session.close()
