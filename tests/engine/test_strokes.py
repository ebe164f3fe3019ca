import json

import numpy as np
import pytest

from style_transfer.engine.strokes import (
    MAX_POINTS,
    Stroke,
    due,
    in_effect,
    newest_number,
    on_paint,
)

LINE = ((0.1, 0.2, 1), (0.5, 0.2, 0.5))


def test_a_stroke_comes_back_from_json_without_its_number():
    stroke = Stroke("clone", LINE, 0.1, 0.8, offset=(0.25, -0.5), number=7, step=3, at_rest=True)
    told = json.loads(json.dumps(stroke.as_dict()))
    assert "number" not in told
    assert "color" not in told
    back = Stroke.from_dict(told)
    assert (back.kind, back.points, back.offset, back.step) == ("clone", LINE, (0.25, -0.5), 3)
    assert back.at_rest


def test_what_links_and_recipes_leave_out_of_a_stroke_stays_what_it_was():
    told = Stroke.from_dict({"kind": "smear", "points": [[0.5, 0.25, 1]]})
    assert told == Stroke(
        "smear",
        ((0.5, 0.25, 1.0),),
        radius=0.05,
        strength=1.0,
        color=(0.0, 0.0, 0.0),
        hold=1.0,
        offset=(0.0, 0.0),
        style=1,
        place=(0.5, 0.5, 0.12),
        number=0,
        step=0,
        at_rest=False,
    )


@pytest.mark.parametrize(
    "data",
    [
        {"kind": "scratch", "points": LINE},
        {"kind": "smear"},
        {"kind": "smear", "points": [[0, 0]]},
        {"kind": "smear", "points": [[0, 0, 2]]},
        {"kind": "smear", "points": [[0, float("nan"), 1]]},
        {"kind": "smear", "points": [[0, 0, 1]] * (MAX_POINTS + 1)},
        {"kind": "smear", "points": [[0, 0, 1], [1, 1, 1]] * 5},
        {"kind": "smear", "points": LINE, "radius": 0.51},
        {"kind": "smear", "points": LINE, "strength": True},
        {"kind": "color", "points": LINE, "color": [0, 0, 256]},
        {"kind": "smear", "points": []},
        {"kind": "smear", "points": [[2.1, 0, 1]]},
        {"kind": "smear", "points": LINE, "radius": 0.001},
        {"kind": "smear", "points": LINE, "strength": 1.1},
        {"kind": "smear", "points": LINE, "hold": 1.1},
        {"kind": "smear", "points": LINE, "hold": -0.1},
        {"kind": "color", "points": LINE, "color": [0, 0, 1.1]},
        {"kind": "clone", "points": LINE, "offset": [0, 2.1]},
        {"kind": "like", "points": LINE, "style": 5},
        {"kind": "like", "points": LINE, "place": [0.5, 1.1, 0.1]},
        {"kind": "like", "points": LINE, "place": [0.5, 0.5, 0.6]},
        {"kind": "undo", "number": -1},
        {"kind": "undo", "step": -1},
        {"kind": "smear", "points": LINE, "at_rest": 1},
        {"kind": "smear", "points": 3},
        {"kind": "smear", "points": LINE, "wet": 1},
        {"points": LINE},
        "smear",
        None,
    ],
)
def test_what_is_no_stroke_is_refused_in_one_sentence(data):
    with pytest.raises(ValueError, match=r"\.$"):
        Stroke.from_dict(data)


def test_numbers_of_numpy_make_a_stroke():
    points = [tuple(row) for row in np.float32([[0.25, 0.5, 1], [0.75, 0.5, 1]])]
    stroke = Stroke("smear", points, np.float32(0.125), style=np.int64(2))
    assert stroke == Stroke("smear", ((0.25, 0.5, 1), (0.75, 0.5, 1)), 0.125, style=2)
    assert type(stroke.points[0][0]) is float


def test_an_undo_takes_back_the_newest_stroke_that_has_not_been_undone():
    first, second, undo = Stroke("wipe", LINE), Stroke("smear", LINE, number=4), Stroke("undo")
    assert in_effect([undo, first, second]) == (first, second)
    assert in_effect([first, second, undo]) == (first,)
    assert in_effect([first, second, undo, undo, undo]) == ()
    assert newest_number([first, second, undo]) == 4
    assert newest_number([]) == 0


def test_a_stroke_may_reach_a_picture_from_beside_it_and_go_twelve_times_across():
    across = [[-1, 0, 0], [2, 0, 1]] * 2
    stroke = Stroke("like", across, radius=0.5, place=(0, 1, 0.01), offset=(-2, 2))
    assert stroke.points == ((-1, 0, 0), (2, 0, 1)) * 2
    assert len(Stroke("wipe", [[0.5, 0.5, 1]] * MAX_POINTS, hold=0).points) == MAX_POINTS
    assert len(Stroke("smear", [[0, 0, 1], [1, 0, 1]] * 6 + [[0, 0, 1]]).points) == 13
    with pytest.raises(ValueError, match=r"^A stroke is at most 12 long, not 13\.$"):
        Stroke("smear", [[0, 0, 1], [1, 0, 1]] * 7)


def test_strokes_that_guide_the_optimisation_leave_the_paint_alone():
    wipe, like = Stroke("wipe", LINE), Stroke("like", LINE)
    assert on_paint([wipe, like, Stroke("unlike")]) == (wipe,)
    assert on_paint([wipe, like, Stroke("undo")]) == (wipe,)
    assert on_paint([like, wipe, Stroke("undo")]) == ()


def test_strokes_are_due_once_from_their_step_on():
    strokes = [Stroke("wipe", LINE, number=n, step=step) for n, step in ((1, 3), (2, 5), (3, 0))]
    assert due(strokes, (), 2) == [strokes[2]]
    assert due(strokes, (), 5) == strokes
    assert due(strokes, [Stroke("undo", number=3)], 3) == [strokes[0]]
