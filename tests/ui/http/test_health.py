import json
import threading

from style_transfer.runs.run import THREAD_NAME
from style_transfer.ui.http import health


def told():
    return json.loads(health.health(None).body)


def test_health_counts_runs_and_says_no_more_than_it_should():
    before, leave = told(), threading.Event()
    run = threading.Thread(target=leave.wait, name=THREAD_NAME)
    run.start()
    assert told()["runs"] == before["runs"] + 1
    leave.set()
    run.join()
    assert list(told()) == ["alive", "since", "runs", "waiting", "steps_per_second", "memory_mb"]
    assert told()["since"] == before["since"]
    assert 10 < told()["memory_mb"] < 100_000
