"""Pictures at rest take a bounded number of bytes, and no part of the machine."""

import time

import pytest

from style_transfer.engine import State
from style_transfer.runs import AdmissionQueue, Limits, RunService
from style_transfer.ui.handlers.recover import RecoverHandlers
from style_transfer.ui.panels import controls
from style_transfer.ui.session.resting import RestingStates
from style_transfer.ui.session.sessions import PageContext
from tests.runs.fake_executor import FakeExecutor
from tests.runs.test_thread_executor import wait_for
from tests.ui.handlers.tab import SETTINGS, TOKEN, Tab

MB = 1_000_000


class Record:
    """A record at rest whose optimiser goes on with 88 MB, as at 512 px."""

    def __init__(self):
        self.resting_bytes = 88 * MB

    def put_away(self):
        self.resting_bytes = 0


def test_fifty_pictures_at_rest_stay_within_the_limits_and_the_oldest_go_first():
    limits = Limits()
    resting, records = RestingStates(limits), [Record() for _ in range(50)]
    for number, record in enumerate(records):
        resting.add(f"visitor {number % 5}", record)
        assert resting.nbytes <= limits.resting * MB
        theirs = [each.resting_bytes for each in records[number % 5 : number + 1 : 5]]
        assert sum(theirs) <= limits.visitor_resting * MB
    kept = [record.resting_bytes > 0 for record in records]
    assert kept == sorted(kept)
    assert resting.nbytes > 0.9 * limits.resting * MB


def test_the_user_of_this_machine_is_no_visitor_and_what_is_gone_is_forgotten():
    resting, records = RestingStates(Limits()), [Record() for _ in range(10)]
    for record in records:
        resting.add("", record)
    assert resting.nbytes == 880 * MB
    resting.add("", records[0])  # again at rest
    del records, record
    assert resting.nbytes == 0


@pytest.fixture
def service(tmp_path):
    """A service that keeps nothing of pictures at rest in memory."""
    return RunService(Limits(resting=0), tmp_path / "checkpoints", FakeExecutor)


@pytest.fixture
def tab(context, photo, painting):
    yield Tab(context, photo, painting).paint()
    for session in context.sessions.all():
        session.close()


def test_a_picture_that_was_put_away_wakes_with_what_its_optimiser_knew(tab, monkeypatch):
    record, jobs = tab.session.selected, []
    assert record.resting_bytes == 0
    start = tab.context.service.start
    monkeypatch.setattr(
        tab.context.service, "start", lambda job, **named: jobs.append(job) or start(job, **named)
    )
    assert tab.steer(beta=9)
    assert tab.wake().state == "Resting at step 7 of 7"
    assert jobs[0].state.memory
    assert record.resting_bytes == 0


def test_who_leaves_a_picture_that_was_put_away_leaves_all_of_it_on_disk(tab):
    folder = tab.session.selected.checkpoint.folder
    tab.context.sessions.close("one")
    tab.session._remove_files()
    assert State.load(folder / "state.safetensors").memory


@pytest.mark.integration
def test_visitors_with_pictures_at_rest_take_no_place_and_no_turn(context, photo, painting):
    context.service.admission = AdmissionQueue(places=4, waiting=9, each=1)
    tabs = [Tab(context, photo, painting, f"{number}") for number in range(8)]
    for each in tabs[:4]:
        each.paint()
    places = [context.service.admission.join(each.session.key) for each in tabs[4:]]
    assert [context.service.admission.ahead(place) for place in places] == [0] * 4
    wait_for(lambda: not context.service.under_way)


def test_an_hour_at_rest_changes_nothing_while_the_page_is_open(tab, monkeypatch):
    context = tab.context
    for name in ("time", "monotonic"):
        clock = getattr(time, name)
        monkeypatch.setattr(time, name, lambda clock=clock: clock() + 3600)
    context.sessions.sweep()
    context.service.checkpoints.sweep()
    assert tab.state == "Resting at step 4 of 4"
    losses = len(tab.session.selected.losses)
    assert losses == 4
    assert tab.steer(beta=9)
    assert tab.wake().state == "Resting at step 7 of 7"


def test_a_picture_at_rest_outlives_its_server(tab, photo, painting, tmp_path):
    locks = tab.context.service.checkpoints._locks
    while locks:
        locks.popitem()[1].release()  # as the system does with those of a process that was killed
    tab.session.selected.checkpoint = None
    service = RunService(Limits(), tmp_path / "checkpoints", FakeExecutor)
    again = Tab(PageContext.of(service), photo, painting, "two")
    again.session.start_values = {
        "settings": controls.to_value(SETTINGS, 1),
        "interrupted": {"token": TOKEN},
        "more": 3,
    }
    for _ in RecoverHandlers(again.context).recover(again.request):
        pass
    assert again.state == "Resting at step 4 of 4"
    assert again.context.resting.nbytes == again.session.selected.resting_bytes > 0
    assert again.steer(beta=9)
    assert again.wake().state == "Resting at step 7 of 7"
    again.session.close()
