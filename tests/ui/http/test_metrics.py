import sys

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from style_transfer.engine import Styles
from style_transfer.runs import Job, Limits, RunService
from style_transfer.settings import Settings
from style_transfer.ui.http.metrics import metrics_routes
from tests.runs.fake_executor import FakeExecutor

WANTED = {"STYLE_TRANSFER_METRICS": "1"}


@pytest.fixture
def fake_service(tmp_path):
    return RunService(Limits(), tmp_path / "checkpoints", lambda _: FakeExecutor(allowed=0))


def test_numbers_are_told_only_where_they_are_asked_for(fake_service):
    assert metrics_routes(fake_service, {}) == []
    with pytest.raises(ValueError, match="STYLE_TRANSFER_METRICS must be 0 or 1, not 'yes'"):
        metrics_routes(fake_service, {"STYLE_TRANSFER_METRICS": "yes"})


def test_without_the_library_one_sentence_says_so(fake_service, monkeypatch):
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with pytest.raises(ValueError, match="install prometheus_client"):
        metrics_routes(fake_service, WANTED)


def test_runs_are_counted_by_device_and_by_why_they_ended(fake_service, photo, painting):
    parser = pytest.importorskip("prometheus_client.parser", reason="prometheus_client reads it")
    client = TestClient(Starlette(routes=metrics_routes(fake_service, WANTED)))

    def told():
        answer = client.get("/metrics")
        assert answer.headers["content-type"].startswith("text/plain")
        families = parser.text_string_to_metric_families(answer.text)
        return {
            (sample.name, *sample.labels.values()): sample.value
            for family in families
            for sample in family.samples
        }

    run = fake_service.start(Job(photo, Styles((painting,)), Settings()))
    assert told()["style_transfer_runs", "cpu", "0"] == 1
    assert told()["style_transfer_runs_waiting",] == 0
    run.stop()
    assert run.join(20)
    assert told()["style_transfer_runs", "cpu", "0"] == 0
    assert told()["style_transfer_runs_ended_total", "stopped"] == 1
