"""How many sessions there are, and whose go where there are too many."""

import gc
import time
from types import SimpleNamespace
from weakref import ref

import pytest

from style_transfer.runs import Limits
from style_transfer.ui.http.presence import Presence
from style_transfer.ui.session import sessions as module
from style_transfer.ui.session.queue_place import QueuePlace
from style_transfer.ui.session.sessions import Sessions


@pytest.fixture
def presence():
    presence = Presence()
    presence.is_tracked = True
    return presence


@pytest.fixture
def sessions(presence, uploads):
    sessions = Sessions(presence, Limits(visitor_pages=2))
    yield sessions
    for each in sessions.all():
        sessions.close(each.key)


def test_a_session_that_nobody_listens_to_makes_room_for_the_next_of_its_visitor(
    sessions, presence
):
    presence.add("open", 1)
    for key in ("open", "invented", "next"):
        sessions.of(key, "somebody")
    sessions.of("another", "somebody else")
    assert [each.key for each in sessions.all()] == ["open", "next", "another"]


def test_who_has_been_away_for_longest_goes_first_and_who_paints_stays(sessions):
    def open_page(key, away):
        session = sessions.of(key, "somebody")
        session._seen_at -= away  # s
        return session

    painting = open_page("painting", 30)
    painting.place = QueuePlace(object())
    open_page("away", 20)
    open_page("next", 10)
    assert [each.key for each in sessions.all()] == ["painting", "next"]
    painting.place = None
    open_page("newest", 0)
    assert [each.key for each in sessions.all()] == ["next", "newest"]
    for each in sessions.all():
        each._seen_at -= module.IDLE
    sessions.find("next").place = QueuePlace(object())
    sessions.sweep()
    assert [each.key for each in sessions.all()] == ["next"]


def test_a_visitor_with_too_many_open_pages_is_told_so_and_others_are_not(sessions, presence):
    for key in ("one", "two"):
        presence.add(key, 1)
        sessions.of(key, "somebody")
    with pytest.raises(ValueError, match="You have 2 pages open here; close one of them"):
        sessions.of("three", "somebody")
    assert sessions.of("one", "somebody") is sessions.find("one")
    sessions.of("three", "somebody else")
    for key in ("four", "five", "six"):
        sessions.of(key)  # of the user of this machine


def test_all_sessions_together_are_bounded(sessions, presence, monkeypatch):
    monkeypatch.setattr(module, "MAX_SESSIONS", 3)
    for number in range(9):
        sessions.of(f"{number}", f"visitor {number}")
    assert len(sessions.all()) == 3


def test_what_calls_with_invented_hashes_submit_is_not_kept(sessions):
    for number in range(400):
        sessions.submit(sessions.of(f"{number}"), {"mask": "x" * 10})
    holding = [each.key for each in sessions.all() if each.start_values]
    assert holding == [f"{number}" for number in range(400 - module.MAX_SUBMITTED, 400)]


def test_who_submits_again_keeps_what_came_last(sessions):
    session = sessions.of("patient")
    for number in range(2 * module.MAX_SUBMITTED):
        sessions.submit(session, {"number": number})
    assert session.start_values == {"number": 2 * module.MAX_SUBMITTED - 1}


@pytest.mark.usefixtures("no_garbage")
def test_a_closed_page_stays_in_no_memory_with_its_pictures(tab, context):
    context.sessions.submit(tab.session, {"mask": "x"})
    session, picture = ref(tab.session), ref(tab.session.latest)
    context.sessions.close(tab.session.key)
    tab.session = None
    until = time.monotonic() + 30  # its files are removed beside
    while (session() or picture()) and time.monotonic() < until:
        time.sleep(0.05)
        gc.collect()
    assert (session(), picture()) == (None, None)


def test_previews_have_room_for_each_visitor_and_in_all(presence, uploads):
    sessions = Sessions(presence, Limits(visitor_previews=5, previews=9))

    def keep(key, visitor, megabytes):
        session = sessions.of(key, visitor)
        record = SimpleNamespace(timeline=SimpleNamespace(size=megabytes * 1_000_000))
        session.records.append(record)
        return session

    first, second = keep("1", "ann", 3), keep("2", "ann", 2)
    other, own = keep("3", "bob", 1), keep("4", "", 2)
    crowded = [each.records.is_crowded for each in (first, second, other, own)]
    assert not any(each() for each in crowded)
    second.records[0].timeline.size += 1
    assert [each() for each in crowded] == [True, True, False, False]
    own.records[0].timeline.size = 9_000_000
    assert all(each() for each in crowded)
