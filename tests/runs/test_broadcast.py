import runpy

from style_transfer.runs import broadcast
from style_transfer.runs.broadcast import Broadcast


def publish(shown, frame):
    with shown.changed:
        shown.frame = frame
        shown.notify()


def test_a_slow_watcher_gets_the_newest_frame_only():
    shown = Broadcast()
    frames = shown.frames()
    assert next(frames) is None
    for frame in (1, 2, 3):
        publish(shown, frame)
    assert next(frames) == 3
    shown.ended = True
    assert list(frames) == [3]


def test_every_watcher_gets_a_frame():
    shown = Broadcast()
    watchers = [shown.frames() for _ in range(3)]
    publish(shown, 1)
    assert [next(watcher) for watcher in watchers] == [1, 1, 1]


def test_without_frames_a_watcher_hears_something_every_heartbeat(monkeypatch):
    monkeypatch.setattr(broadcast, "HEARTBEAT", 0.01)
    shown = Broadcast()
    frames = shown.frames()
    assert [next(frames) for _ in range(10)] == [None] * 10


def test_who_watches_late_or_hears_a_heartbeat_gets_no_frame_that_wakes_nobody(monkeypatch):
    monkeypatch.setattr(broadcast, "HEARTBEAT", 0.01)
    shown = Broadcast()
    frames = shown.frames()
    publish(shown, 3)
    shown.frame = 4
    assert [next(frames) for _ in range(2)] == [3, 3]
    assert shown.newest()[1] == 3


def test_a_page_that_outlives_its_server_finds_the_frames_of_the_next_one_newer():
    shown = Broadcast()
    publish(shown, 1)
    later = runpy.run_path(broadcast.__file__)["Broadcast"]()
    publish(later, 1)
    assert later.newest()[0] > shown.newest()[0]
