import pytest

from style_transfer.runs import Limits, RunService

pytest.importorskip("gradio")

from style_transfer.ui.session.session import Session
from style_transfer.ui.session.sessions import PageContext
from tests.ui.handlers.tab import Tab


@pytest.fixture
def uploads(tmp_path, monkeypatch):
    """The upload folder of Gradio."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    return tmp_path / "uploads"


@pytest.fixture
def service(tmp_path, known_costs):
    """A service whose runs are computed by threads of this process, without measuring its speed."""
    return RunService(Limits(), tmp_path / "checkpoints")


@pytest.fixture
def context(service, uploads):
    """What the handlers of one page share."""
    return PageContext.of(service)


@pytest.fixture
def tab(context, photo, painting):
    """A page that has painted a run, which rests."""
    yield Tab(context, photo, painting).paint()
    for session in context.sessions.all():
        session.close()


@pytest.fixture
def session(uploads):
    """A session of an open page."""
    session = Session("a page")
    yield session
    session.close()
