from dataclasses import replace

import pytest

from style_transfer.engine import Stroke
from style_transfer.ui.session import sent_strokes
from style_transfer.ui.session.sent_strokes import SentStrokes

POINTS = ((0.2, 0.5, 1.0), (0.6, 0.5, 1.0))
ONE, TWO = (Stroke("smear", POINTS, 0.1, number=number) for number in (1, 2))
LATER = Stroke("wipe", POINTS, 0.1, number=3, step=9)  # of a recipe, to be made at its step


def test_a_stroke_that_is_sent_again_is_not_new():
    sent = SentStrokes().joined(SentStrokes().new_among([ONE], at_rest=False), (), 0)
    assert sent.newest == 1
    assert sent.new_among([ONE, TWO], at_rest=True) == (replace(TWO, at_rest=True),)


def test_what_is_made_is_what_was_done_and_what_is_due():
    sent = SentStrokes((ONE, TWO, LATER))
    assert sent.made((ONE,), 4) == (ONE, TWO)
    assert sent.made((ONE, TWO), 9) == (ONE, TWO, LATER)


def test_strokes_that_are_given_up_are_withdrawn_and_those_of_later_steps_stay():
    sent = SentStrokes((ONE, TWO, LATER)).without_due((ONE,), 4)
    assert sent == SentStrokes((ONE, LATER), withdrawn=2)
    assert sent.without_due((ONE,), 4) == sent


def test_strokes_of_too_many_points_are_refused_in_one_sentence(monkeypatch):
    monkeypatch.setattr(sent_strokes, "MAX_POINTS", 3)
    sent = SentStrokes().joined((ONE,), (), 0)
    with pytest.raises(ValueError, match=r"^The strokes on a picture have at most 3 points\.$"):
        sent.joined((TWO,), (), 0)
