import json

from starlette.requests import Request

from style_transfer.engine import Styles
from style_transfer.runs import SERVER_ENDS, AdmissionQueue, Job
from style_transfer.settings import Settings
from style_transfer.ui.http.health import health_route, ready_route
from tests.runs.fake_executor import FakeExecutor


def asking(query=""):
    return Request({"type": "http", "query_string": query.encode()})


def test_health_counts_runs_and_says_no_more_than_it_should(service, photo, painting):
    route = health_route(service, lambda _: 0)

    def told():
        return json.loads(route.endpoint(asking()).body)

    since = told()["since"]
    assert told()["runs"] == 0
    run = service.start(Job(photo, Styles((painting,)), Settings()))
    assert told()["runs"] == 1
    run.stop()
    assert run.join(60)
    assert told()["runs"] == 0
    assert list(told()) == [
        *("alive", "since", "runs", "waiting", "steps_per_second"),
        *("executor", "devices", "memory_mb"),
    ]
    assert told()["executor"] == "thread"
    assert told()["devices"] == [{"device": "cpu", "runs": 0}]
    assert told()["since"] == since
    service.executor = FakeExecutor()
    service.executor.steps_per_second = 2.5
    assert told()["steps_per_second"] == 2.5
    assert told()["memory_mb"] is None or 10 < told()["memory_mb"] < 100_000


def test_a_page_that_names_itself_is_told_how_many_runs_it_has(service):
    route = health_route(service, {"a": 2}.get)
    assert json.loads(route.endpoint(asking("page=a")).body)["page_runs"] == 2
    assert "page_runs" not in json.loads(route.endpoint(asking("page=")).body)


def test_a_server_is_ready_as_long_as_another_run_would_be_taken(service):
    route = ready_route(service)

    def told():
        answer = route.endpoint(None)
        return answer.status_code, json.loads(answer.body)["ready"]

    service.admission = AdmissionQueue(places=1, waiting=1, each=9)
    first = service.admission.join()
    assert told() == (200, True)
    service.admission.join()
    assert told() == (503, False)
    service.admission.leave(first)
    assert told() == (200, True)
    service.end_all(SERVER_ENDS)
    assert told() == (503, False)
