import json

from style_transfer.engine import Styles
from style_transfer.runs import Job
from style_transfer.settings import Settings
from style_transfer.ui.http import health
from style_transfer.ui.service import SERVICE


def told():
    return json.loads(health.health(None).body)


def test_health_counts_runs_and_says_no_more_than_it_should(photo, painting):
    before = told()
    run = SERVICE.start(Job(photo, Styles((painting,)), Settings()))
    assert told()["runs"] == before["runs"] + 1
    run.stop()
    assert run.join(60)
    assert told()["runs"] == before["runs"]
    assert list(told()) == ["alive", "since", "runs", "waiting", "steps_per_second", "memory_mb"]
    assert told()["since"] == before["since"]
    assert 10 < told()["memory_mb"] < 100_000
