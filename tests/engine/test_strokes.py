import json

import numpy as np
import pytest

from style_transfer.engine.strokes import MAX_POINTS, Stroke, in_effect, newest_number

LINE = ((0.1, 0.2, 1), (0.5, 0.2, 0.5))


def test_a_stroke_comes_back_from_json_without_its_number():
    stroke = Stroke("clone", LINE, 0.1, 0.8, offset=(0.25, -0.5), number=7, step=3, at_rest=True)
    told = json.loads(json.dumps(stroke.as_dict()))
    assert "number" not in told
    assert "color" not in told
    back = Stroke.from_dict(told)
    assert (back.kind, back.points, back.offset, back.step) == ("clone", LINE, (0.25, -0.5), 3)
    assert back.at_rest


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
        {"kind": "smear", "points": LINE, "radius": 0.9},
        {"kind": "smear", "points": LINE, "strength": True},
        {"kind": "color", "points": LINE, "color": [0, 0, 256]},
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
