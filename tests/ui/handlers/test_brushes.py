"""Strokes of a page, without a browser: painted in, numbered, undone, and what wakes for them."""

from dataclasses import replace
from types import SimpleNamespace
from urllib.parse import parse_qsl

import gradio as gr
import pytest
import torch

from style_transfer import links
from style_transfer.engine import Stroke
from style_transfer.runs import Limits, MemoryReservations, RunService
from style_transfer.ui.handlers.brushes import MAX_SENT, BrushHandlers
from style_transfer.ui.panels import brushes, canvas, controls, places, status, take_home, transport
from style_transfer.ui.session import sent_strokes
from style_transfer.ui.session.sessions import PageContext
from tests.runs.fake_executor import FakeExecutor
from tests.ui.handlers.tab import SETTINGS, Tab

LINE = [[0.2, 0.5, 1], [0.6, 0.5, 1]]


@pytest.fixture
def tab(tmp_path, photo, painting):
    service = RunService(Limits(), tmp_path / "checkpoints", FakeExecutor)
    return Tab(PageContext.of(service), photo, painting).paint()


def touch(tab, *strokes, more=3):
    values = {gr.HTML(elem_id="brushes"): {"strokes": [*strokes]}, gr.HTML(elem_id="more"): more}
    answer, _ = BrushHandlers(tab.context).touch(values, tab.request)
    return answer


def smear(number):
    return {"kind": "smear", "points": LINE, "radius": 0.2, "number": number}


def numbers(tab):
    return [stroke.number for stroke in tab.session.latest.last_frame.state.strokes]


def test_a_stroke_at_rest_wakes_the_picture_for_the_steps_of_a_change(tab):
    assert touch(tab, smear(1)) == {"arrived": 1, "refusal": ""}
    assert transport.value(tab.session)["wake"]
    tab.wake()
    assert numbers(tab) == [1]
    assert tab.state == "Resting at step 7 of 7"
    assert canvas.value(tab.session)["stroke"] == 1
    assert not transport.value(tab.session)["wake"]


def test_strokes_at_rest_leave_what_is_far_and_those_before_do_not(tab):
    record, rest = tab.session.latest, tab.session.latest.rest
    record.rest = None  # as while it paints
    touch(tab, smear(1) | {"at_rest": True})
    record.rest = rest
    touch(tab, smear(2))
    assert [stroke.at_rest for stroke in record.strokes.all] == [False, True]


def test_what_wakes_a_picture_later_moves_all_of_it(tab):
    record = tab.session.latest
    bound = replace(record.state, reach=torch.zeros(1, 1, 48, 48))
    record.run, record._kept = None, bound  # as on disk
    assert record.job().state is bound  # what only checks a job copies no memory
    assert record.waking_job().state.reach is None


def test_strokes_that_are_sent_twice_are_done_once(tab):
    touch(tab, smear(1), smear(2))
    assert touch(tab, smear(2), smear(3))["arrived"] == 3
    tab.wake()
    assert numbers(tab) == [1, 2, 3]


def test_an_undo_is_counted_before_and_after_it_is_done(tab):
    touch(tab, smear(1), smear(2))
    assert brushes.value(tab.session)["count"] == 2
    touch(tab, {"kind": "undo", "number": 3})
    assert brushes.value(tab.session)["count"] == 1
    tab.wake()
    assert brushes.value(tab.session) | {"photo": ""} == {
        "enabled": True,
        "record": "Run 1",
        "photo": "",
        "number": 3,
        "count": 1,
        "withdrawn": 0,
        "hints": {},
    }


def test_what_will_not_be_seen_of_strokes_is_said(tab):
    tab.steer(keep_colors=1)
    assert "lightness alone" in brushes.value(tab.session)["hints"]["color"]
    record = tab.session.latest
    strength = torch.ones(1, 1, 48, 48)
    masked = replace(record.inputs.styles, strength=strength)
    record.inputs = replace(record.inputs, styles=masked)
    assert "Where the regions" in brushes.value(tab.session)["hints"][""]


def test_each_stroke_is_a_moment_of_the_timeline(tab):
    touch(tab, smear(1))
    tab.wake()
    made = [(each.step, len(each.strokes)) for each in tab.session.selected.previews]
    assert made[-1] == (7, 1)
    assert (4, 0) in made
    assert made == sorted(made)
    record = tab.session.selected
    tab.session.select(record, record.previews[-2])
    assert not brushes.value(tab.session)["enabled"]


@pytest.mark.parametrize(
    "sent",
    [
        {"strokes": [{"kind": "smear", "points": 3, "number": 1}]},
        {"strokes": [{"kind": "undo"}] * (MAX_SENT + 1)},
        {"strokes": "smear"},
        None,
    ],
)
def test_what_is_no_stroke_is_refused_in_one_sentence(tab, sent):
    values = {gr.HTML(elem_id="brushes"): sent, gr.HTML(elem_id="more"): 3}
    answer, shown = BrushHandlers(tab.context).touch(values, tab.request)
    assert answer["refusal"].endswith(".")
    assert answer["refusal"] in shown["status"]["notices"]
    assert tab.session.latest.strokes.all == ()


def test_a_picture_that_was_stopped_is_dry(tab):
    tab.session.stop()
    assert not brushes.value(tab.session)["enabled"]
    assert "press Start" in touch(tab, smear(1))["refusal"]


def test_strokes_of_a_run_are_bounded(tab, monkeypatch):
    monkeypatch.setattr(sent_strokes, "MAX_POINTS", 5)
    assert not touch(tab, smear(1), smear(2))["refusal"]
    assert "at most 5 points" in touch(tab, smear(3))["refusal"]


def test_strokes_that_wait_for_a_turn_are_done_when_it_comes(tab):
    touch(tab, smear(1))
    record = tab.session.latest
    assert record.job().strokes == (replace(Stroke.from_dict(smear(1)), at_rest=True),)
    record.rest.wanted = False  # its turn was given up
    touch(tab, smear(2))
    tab.wake()
    assert numbers(tab) == [1, 2]


def test_a_branch_has_the_strokes_of_its_picture_and_their_numbers_go_on(tab):
    touch(tab, smear(1), smear(2))
    tab.wake()
    tab.session.start_values = {
        "settings": controls.to_value(SETTINGS),
        "more": 3,
        "interrupted": None,
    }
    for _ in tab.starts.branch(tab.request):
        pass
    assert tab.session.latest.name == "Run 2 from step 7 of Run 1"
    assert numbers(tab) == [1, 2]
    touch(tab, {"kind": "undo", "number": 3})
    tab.wake()
    assert numbers(tab) == [1, 2, 3]
    assert brushes.value(tab.session)["count"] == 1


def test_strokes_of_a_recipe_come_again_at_their_steps(tab):
    touch(tab, smear(1))
    tab.wake()
    record = tab.session.latest
    again = record.recipe(record.previews[-1]).strokes
    assert [(each.number, each.step) for each in again] == [(1, 4)]
    job = replace(record.job(), state=None, strokes=again)
    run = tab.context.service.start(job)
    assert run.join(20)
    assert [each.number for each in run.frame.state.strokes] == [1]


def like(number, x=0.5, kind="like"):
    place = [x, 0.5, 0.1]
    return {"kind": kind, "points": LINE, "style": 1, "place": place, "number": number}


def test_places_that_parts_are_painted_like_are_listed_until_they_are_removed(tab):
    assert places.value(tab.session)["picked"] == []
    (painting,) = places.value(tab.session)["paintings"]
    assert painting.endswith(".jpg")
    assert not touch(tab, like(1), like(2), like(3, 0.25))["refusal"]
    expected = [
        {"style": 1, "place": (0.5, 0.5, 0.1), "count": 2},
        {"style": 1, "place": (0.25, 0.5, 0.1), "count": 1},
    ]
    assert places.value(tab.session)["picked"] == expected
    tab.wake()
    assert places.value(tab.session) == {"paintings": [painting], "picked": expected}
    touch(tab, like(4, kind="unlike"))
    assert places.value(tab.session)["picked"] == expected[1:]
    touch(tab, {"kind": "undo", "number": 5})
    assert places.value(tab.session)["picked"] == expected


def test_a_place_too_many_is_refused_in_one_sentence(tab):
    assert not touch(tab, *(like(n, n / 10) for n in range(1, 9)))["refusal"]
    assert touch(tab, like(9, 0.9))["refusal"].endswith("remove one.")
    assert not touch(tab, like(9, 0.1))["refusal"]


def test_without_beta_it_is_said_that_nothing_is_painted_like_a_place(tab):
    tab.steer(beta=0)
    assert brushes.value(tab.session)["hints"]["like"].startswith("Beta is 0")


def test_a_link_has_the_strokes_of_the_picture_and_brings_them_back(tab, monkeypatch):
    told = take_home.value(tab.session)
    assert (told["strokes"], told["words"]) == ("", "")
    touch(tab, smear(1), like(2))
    tab.wake()
    linked = take_home.value(tab.session)["strokes"]
    other = SimpleNamespace(session_hash="two", headers={}, query_params=dict(parse_qsl(linked)))
    _, shown = tab.steering.link_settings(other)
    brought = tab.context.sessions.of("two").strokes_to_come
    assert brought == tab.session.preview.strokes
    assert shown["take-home"]["strokes"] == linked  # before a start, for who passes it on
    monkeypatch.setattr(links, "MAX_LINKED", 50)
    shown = take_home.value(tab.session)
    assert shown["strokes"] == ""
    assert "too long for a link" in shown["words"]


def test_how_many_strokes_come_again_is_told_in_words_that_fit(session):
    assert session.repeat(()) == ""
    assert session.repeat((Stroke.from_dict(smear(1)),)).endswith("next start (1 stroke).")
    two = Stroke.from_dict(smear(1)), Stroke.from_dict(smear(2))
    assert session.repeat(two).endswith("next start (2 strokes).")


def test_the_status_line_tells_of_a_stroke_and_of_its_undo(tab):
    for stroke in (smear(1), {"kind": "undo", "number": 2}):
        touch(tab, stroke)
        tab.wake()
        assert "brushwork: acts from step" in status.value(tab.session)["notices"]


def test_strokes_of_a_picture_that_was_put_away_are_not_done_again(tab):
    touch(tab, smear(1))
    tab.wake()
    record = tab.session.latest
    record.put_away()
    touch(tab, smear(2))
    tab.wake()
    assert numbers(tab) == [1, 2]


def test_strokes_whose_turn_is_refused_are_withdrawn(tab):
    touch(tab, smear(1))
    tab.wake()
    memory, tab.context.service.memory = tab.context.service.memory, MemoryReservations(lambda: 9)
    touch(tab, smear(2), smear(3))
    with pytest.raises(gr.Error, match="memory"):
        tab.wake()
    shown = brushes.value(tab.session)
    assert (shown["number"], shown["withdrawn"], shown["count"]) == (1, 3, 1)
    tab.context.service.memory = memory
    touch(tab, smear(4))
    tab.wake()
    assert numbers(tab) == [1, 4]
