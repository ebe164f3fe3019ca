"""A run that waits for its turn: what is changed until then is what it begins with."""

import threading
import time
from contextlib import closing
from dataclasses import replace

import gradio as gr
import pytest

from style_transfer.engine import equal_images
from style_transfer.images import open_image, save, to_tensor
from style_transfer.runs import AdmissionQueue, Limits, MemoryReservations, Run, RunService
from style_transfer.ui.handlers.begin import pending_run
from style_transfer.ui.handlers.brushes import BrushHandlers
from style_transfer.ui.handlers.recover import RecoverHandlers
from style_transfer.ui.handlers.start import StartHandlers
from style_transfer.ui.panels import brushes, status, transport
from style_transfer.ui.session.record import RunRecord
from tests.conftest import smooth_picture
from tests.runs.fake_executor import FOREVER, FakeExecutor
from tests.ui.handlers.tab import SETTINGS, TOKEN, Tab

SMEAR = {"kind": "smear", "points": [[0.2, 0.5, 1], [0.6, 0.5, 1]], "radius": 0.2, "number": 1}


@pytest.fixture
def service(tmp_path):
    return RunService(Limits(), tmp_path / "checkpoints", FakeExecutor)


@pytest.fixture
def files(tmp_path):
    """Files of two photos and two paintings."""
    files = [tmp_path / f"{name}.png" for name in ("photo", "other", "painting", "another")]
    for seed, file in enumerate(files):
        save(smooth_picture(seed, 64, 64), file)
    return files


@pytest.fixture
def empty(context, photo, painting):
    """A page that has painted nothing yet."""
    tab = Tab(context, photo, painting)
    yield tab
    for session in context.sessions.all():
        session.close()


@pytest.fixture
def wait(context):
    """A function that presses a button whose run waits, does something meanwhile, and lets it run
    to its end."""
    queue = context.service.admission = AdmissionQueue(places=1, waiting=9, each=9)

    def wait(tab, press, meanwhile):
        other = queue.join()
        with closing(press(tab.request)) as views:
            next(views)
            meanwhile()
            queue.leave(other)
            for _ in views:
                pass
        assert tab.session.pending is None
        return tab.session.latest

    return wait


def touch(tab):
    values = {gr.HTML(elem_id="brushes"): {"strokes": [SMEAR]}, gr.HTML(elem_id="more"): 3}
    return BrushHandlers(tab.context).touch(values, tab.request)[0]


def test_a_knob_moved_while_the_first_run_waits_is_what_it_begins_with(empty, files, wait):
    empty.submit(files[0], files[2])
    record = wait(empty, empty.starts.start, lambda: empty.steer(beta=20, more=7))
    assert record.run.settings == replace(SETTINGS, beta=20)
    assert record.previews[0].settings.beta == 20
    assert not record.changes
    assert record.steps_after_change == 7


def test_photo_styles_and_size_chosen_while_it_waits_are_painted_from_the_first_step(
    empty, files, wait
):
    first, other, painting, another = files

    def meanwhile():
        empty.resize(48)
        empty.drop_photo(other)
        empty.choose_styles(str(painting), str(another))

    empty.submit(first, painting)
    record = wait(empty, empty.starts.start, meanwhile)
    inputs = record.inputs
    assert inputs.photo_file == other
    assert (inputs.recipe.photo, inputs.recipe.size) == ("other.png", 48)
    assert equal_images(inputs.content, to_tensor(open_image(other), 48))
    assert len(inputs.styles.images) == 2
    assert inputs.recipe.more_styles == ("another.png",)
    assert {preview.origin.source for preview in record.previews} == {inputs.source}
    assert not record.changes


def test_what_cannot_be_painted_is_refused_at_once_and_the_rest_stays(empty, files, wait, tmp_path):
    def meanwhile():
        (tmp_path / "broken.png").write_bytes(b"none")
        empty.drop_photo(tmp_path / "broken.png")
        assert "The run goes on with what it has." in empty.session.notice
        empty.resize(0)
        assert "not 0" in empty.session.notice
        empty.steer(steps=99_999)
        assert "5,000 steps" in empty.session.notice

    empty.submit(files[0], files[2])
    record = wait(empty, empty.starts.start, meanwhile)
    assert record.inputs.photo_file == files[0]
    assert record.inputs.recipe.size == 64
    assert record.run.settings == SETTINGS


def test_a_size_without_memory_is_refused_while_it_waits(empty, files, wait):
    def meanwhile():
        empty.context.service.memory = MemoryReservations(lambda: 100_000_000)
        empty.resize(48)
        assert "memory" in empty.session.notice
        empty.context.service.memory = MemoryReservations(lambda: 10**11)

    empty.submit(files[0], files[2])
    assert wait(empty, empty.starts.start, meanwhile).inputs.recipe.size == 64


def test_the_picture_at_rest_keeps_its_knobs_while_the_next_run_waits(tab, files, wait):
    resting = tab.session.latest
    tab.submit(files[0], files[2])
    record = wait(tab, tab.starts.start, lambda: tab.steer(beta=20))
    assert record is not resting
    assert record.run.settings.beta == 20
    assert resting.settings.beta == SETTINGS.beta
    assert not resting.is_changed


@pytest.mark.parametrize("press", [StartHandlers.restart, StartHandlers.branch])
def test_a_run_from_a_picture_begins_with_what_was_chosen_last(tab, files, wait, press):
    tab.submit(files[0], files[2])
    record = wait(
        tab,
        lambda request: press(tab.starts, request),
        lambda: tab.steer(beta=20) or tab.resize(48),
    )
    assert record.run.settings.beta == 20
    assert max(record.last_frame.content.shape) == 48


def test_a_run_that_goes_on_takes_knobs_and_pictures_of_while_it_waited(tab, files, wait):
    tab.submit(files[0], files[2])
    tab.knobs = replace(tab.knobs, steps=9)
    tab.submit(files[0], files[2])
    record = wait(
        tab,
        tab.starts.continue_run,
        lambda: (tab.steer(beta=20), tab.choose_styles(str(files[3]))),
    )
    assert record.run.settings == replace(SETTINGS, beta=20, steps=9)
    assert record.last_frame.step == 9
    assert record.inputs.recipe.style == "another.png"
    assert record.changes[-1].step == 5
    assert "another style picture" in record.changes[-1].description


def test_an_interrupted_run_takes_knobs_and_pictures_of_while_it_waited(
    empty, files, wait, context
):
    empty.knobs = replace(SETTINGS, steps=5000)
    empty.submit(files[0], files[2])
    context.service.executor.allowed = 3  # the first is the photo
    with closing(empty.starts.start(empty.request)) as views:
        for _ in views:
            if empty.session.latest.last_frame and empty.session.latest.last_frame.step == 2:
                break
        empty.session.latest.write_checkpoint(empty.session.run, now=True)
        empty.session.latest.release_checkpoint()
    context.service.executor.allowed = FOREVER
    tab = Tab(context, *[smooth_picture(seed) for seed in (0, 2)], key="two")
    tab.knobs = replace(SETTINGS, steps=5000)
    tab.submit(files[0], files[2])
    record = wait(
        tab,
        RecoverHandlers(context).recover,
        lambda: (tab.steer(beta=20, steps=60), tab.choose_styles(str(files[3]))),
    )
    assert record.run.settings == replace(SETTINGS, beta=20, steps=60)
    assert record.inputs.recipe.style == "another.png"
    assert record.run.styles.fingerprint == record.inputs.styles.fingerprint


def test_strokes_go_to_the_picture_on_the_canvas_while_a_run_waits(tab, files, wait):
    def meanwhile():
        assert brushes.value(tab.session)["enabled"]
        assert touch(tab)["refusal"] == ""

    tab.submit(files[0], files[2])
    record = wait(tab, tab.starts.continue_run, meanwhile)
    assert [stroke.kind for stroke in record.last_frame.state.strokes] == ["smear"]


def test_without_a_picture_there_is_nothing_to_touch_while_a_run_waits(empty, files, wait):
    def meanwhile():
        assert "press Start first" in touch(empty)["refusal"]
        assert "Waiting for a turn" in status.value(empty.session)["words"]

    empty.submit(files[0], files[2])
    wait(empty, empty.starts.start, meanwhile)


def test_who_leaves_the_queue_leaves_nothing_behind(empty, files, context):
    queue = context.service.admission = AdmissionQueue(places=1, waiting=9, each=9)
    queue.join()
    empty.submit(files[0], files[2])
    with closing(empty.starts.start(empty.request)) as views:
        next(views)
        assert empty.session.pending
        empty.steering.stop(empty.request)
        for _ in views:
            pass
    assert empty.session.pending is empty.session.steered is None


@pytest.mark.parametrize("change", [touch, lambda tab: tab.steer(beta=20)], ids=["stroke", "knob"])
def test_a_change_that_comes_while_a_run_ends_wakes_the_picture(tab, monkeypatch, change):
    changing, ended = threading.Event(), threading.Event()
    end = RunRecord.end
    changed = threading.Thread(target=change, args=(tab,))

    def end_late(record, wakes):
        changed.start()
        changing.wait(0.5)  # with the lock it comes afterwards
        end(record, wakes)
        ended.set()

    def late(run):
        changing.set()
        ended.wait(20)

    tab.steer(steps=6)
    monkeypatch.setattr(RunRecord, "end", end_late)
    touching, steering = Run.touch, Run.settings.fset
    monkeypatch.setattr(Run, "touch", lambda run, new: late(run) or touching(run, new))
    late_settings = Run.settings.setter(lambda run, new: late(run) or steering(run, new))
    monkeypatch.setattr(Run, "settings", late_settings)
    tab.wake()
    changed.join(20)
    assert transport.value(tab.session)["wake"]


def test_a_change_that_comes_while_a_picture_wakes_acts_on_that_run(tab, monkeypatch):
    start, changes = RunService.start, []

    def start_late(service, job, **options):
        run = start(service, job, **options)
        changes.append(threading.Thread(target=tab.steer, kwargs={"beta": 30, "steps": 9}))
        changes[0].start()
        changes[0].join(0.5)
        return run

    monkeypatch.setattr(RunService, "start", start_late)
    tab.context.service.executor.allowed = 1
    tab.steer(beta=20)
    with closing(tab.starts.wake(tab.request)) as views:
        next(views)
        changes[0].join(20)
        assert tab.session.run.settings.beta == 30


@pytest.mark.parametrize("press", ["start", "restart", "branch", "continue_run"])
def test_a_knob_moved_while_the_pictures_are_read_is_what_a_run_begins_with(
    tab, files, monkeypatch, press
):
    def read_late(named, inputs, settings):
        pending = pending_run(named, inputs, settings)
        tab.steer(beta=20, more=7)
        return pending

    monkeypatch.setattr("style_transfer.ui.handlers.start.pending_run", read_late)
    tab.steer(beta=9)
    tab.submit(files[0], files[2])
    for _ in getattr(tab.starts, press)(tab.request):
        pass
    assert tab.session.latest.settings.beta == 20
    assert tab.session.latest.steps_after_change == 7
    assert tab.session.preview.settings.beta == 20


def test_a_knob_moved_before_a_start_is_as_it_was_submitted(tab, files):
    tab.steer(beta=9)
    tab.submit(files[0], files[2])
    for _ in tab.starts.branch(tab.request):
        pass
    assert tab.session.latest.settings.beta == SETTINGS.beta  # of the picture


def test_a_start_that_comes_while_another_run_begins_is_steered_while_it_waits(
    tab, files, context, monkeypatch
):
    queue = context.service.admission = AdmissionQueue(places=1, waiting=9, each=9)
    start, waits, seconds = RunService.start, threading.Event(), []

    def wait_for_a_turn():
        with closing(tab.starts.restart(tab.request)) as views:
            for _ in views:
                waits.set()

    def start_late(service, job, **options):
        if not seconds:
            queue.join()  # the second is not the next
            tab.submit(files[1], files[3])
            seconds.append(threading.Thread(target=wait_for_a_turn))
            seconds[0].start()
            waits.wait(0.5)  # with the lock it comes afterwards
        return start(service, job, **options)

    monkeypatch.setattr(RunService, "start", start_late)
    context.service.executor.allowed = 1
    tab.submit(files[0], files[2])
    with closing(tab.starts.start(tab.request)) as views:
        next(views)
        assert waits.wait(20)
        assert tab.session.pending.inputs.photo_file == files[1]
        tab.session.stop()
    seconds[0].join(20)
    assert not seconds[0].is_alive()


def test_what_is_refused_while_the_first_run_waits_is_told_then_and_once_it_paints(
    empty, files, wait
):
    def meanwhile():
        empty.steer(steps=99_999)
        assert "5,000 steps" in status.value(empty.session)["notices"]

    empty.submit(files[0], files[2])
    wait(empty, empty.starts.start, meanwhile)
    assert "5,000 steps" in status.value(empty.session)["notices"]


def test_what_is_refused_while_a_run_that_goes_on_waits_is_told_once_it_paints(tab, files, wait):
    tab.knobs = replace(tab.knobs, steps=9)
    tab.submit(files[0], files[2])
    wait(tab, tab.starts.continue_run, lambda: tab.steer(steps=99_999))
    assert "5,000 steps" in status.value(tab.session)["notices"]


def test_what_was_refused_before_a_start_is_not_told_of_its_run(tab, files, wait):
    tab.resize(0)
    assert "not 0" in status.value(tab.session)["notices"]
    tab.submit(files[0], files[2])
    wait(tab, tab.starts.start, lambda: None)
    assert "not 0" not in status.value(tab.session)["notices"]


def test_screen_readers_hear_how_many_runs_are_before_one_while_a_picture_rests(tab, files, wait):
    def meanwhile():
        spoken = status.value(tab.session)["spoken"]
        assert spoken == "Waiting for a turn at step 4 of 4, 1 run is before yours"

    tab.submit(files[0], files[2])
    wait(tab, tab.starts.start, meanwhile)


def test_the_last_place_of_a_visitor_goes_from_a_run_that_waits_to_the_next(tab, files, context):
    queue = context.service.admission = AdmissionQueue(places=1, waiting=9, each=1)
    tab.session.visitor = "someone"
    other = queue.join()
    tab.submit(files[0], files[2])
    with closing(tab.starts.start(tab.request)) as first:
        next(first)
        tab.submit(files[0], files[2])
        with closing(tab.starts.branch(tab.request)) as second:
            assert next(second)["transport"]["labels"]["stop"] == "Leave the queue"
            assert tab.session.ahead == 1
            queue.leave(other)
            for _ in second:
                pass
    assert tab.session.latest.name == "Run 2 from step 4 of Run 1"


def test_who_leaves_the_queue_while_the_run_begins_stops_it(empty, files, context, monkeypatch):
    start = RunService.start
    pressed = threading.Thread(target=empty.steering.stop, args=(empty.request,))

    def start_late(service, job, **options):
        pressed.start()
        pressed.join(0.5)  # with the lock it comes afterwards
        return start(service, job, **options)

    monkeypatch.setattr(RunService, "start", start_late)
    context.service.executor.allowed = 1
    empty.submit(files[0], files[2])
    with closing(empty.starts.start(empty.request)) as views:
        next(views)
        pressed.join(20)
        assert empty.session.run.stopping or empty.session.run.ended


def left_by_its_page(tab, views):
    tab.context.sessions.close(tab.session.key)


def left_by_its_connection(tab, views):
    views.close()


@pytest.mark.parametrize("leave", [left_by_its_page, left_by_its_connection])
def test_a_run_that_its_page_left_while_it_waited_is_offered_as_it_was_chosen_last(
    empty, files, context, leave
):
    queue = context.service.admission = AdmissionQueue(places=1, waiting=9, each=9)
    other, recovery = queue.join(), RecoverHandlers(context)
    empty.submit(files[0], files[2])
    with closing(empty.starts.start(empty.request)) as views:
        next(views)
        empty.steer(beta=20)
        empty.drop_photo(files[1])
        leave(empty, views)
    queue.leave(other)
    offer = {gr.HTML(elem_id="interrupted"): {"token": TOKEN}}
    until = time.monotonic() + 20
    while not recovery.find_interrupted(offer)["label"] and time.monotonic() < until:
        time.sleep(0.05)
    tab = Tab(context, *[smooth_picture(seed) for seed in (0, 2)], key="two")
    tab.submit(files[0], files[2])
    knobs, _, photo, *_ = recovery.interrupted_inputs(offer, tab.request)
    assert knobs["beta"] == 20
    assert equal_images(to_tensor(open_image(photo), 64), to_tensor(open_image(files[1]), 64))
    for _ in recovery.recover(tab.request):
        pass
    record = tab.session.latest
    assert [step for step, _ in record.run.losses] == [1, 2, 3, 4]
    assert (record.name, record.run.settings.beta) == ("Run 1", 20)
    assert record.inputs.recipe.photo == "other.png"


@pytest.mark.parametrize("again", [False, True], ids=["left", "started"])
def test_a_run_whose_visitor_left_the_queue_is_not_offered(empty, files, context, again):
    queue = context.service.admission = AdmissionQueue(places=1, waiting=9, each=9)
    other = queue.join()
    empty.submit(files[0], files[2])
    with closing(empty.starts.start(empty.request)) as views:
        next(views)
        empty.steering.stop(empty.request)
        for _ in views:
            pass
    queue.leave(other)
    if again:
        empty.submit(files[0], files[2])
        for _ in empty.starts.start(empty.request):
            pass
        empty.session.stop()
    assert not list(context.service.checkpoints._root.glob("*/*/*"))
