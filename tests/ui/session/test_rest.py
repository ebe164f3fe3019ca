"""What was changed of a picture at rest."""

from types import SimpleNamespace

import pytest

from style_transfer.settings import Settings
from style_transfer.ui.session.rest import Rest


def test_what_is_changed_again_is_named_once():
    rest = Rest(Settings(), wakes=True)
    for words in ("brushwork", "another style", "brushwork"):
        rest.change(words=words)
    assert rest.words == "brushwork, another style"


@pytest.mark.parametrize(
    ("made", "steps", "wakes"),
    [(5, 8, False), (5, 12, True), (20, 15, False), (20, 25, True)],
    ids=["fewer", "more", "more-but-made", "more-than-were-made"],
)
def test_a_picture_wakes_for_more_steps_than_it_had_and_has(made, steps, wakes):
    rest = Rest(Settings(steps=10), wakes=True)
    rest.change(Settings(steps=steps))
    assert rest.wants_steps(SimpleNamespace(step=made, settings=Settings(steps=10))) == wakes


def test_a_change_wakes_again_after_one_whose_turn_was_given_up():
    rest, frame = Rest(Settings(), wakes=True), SimpleNamespace(step=5, settings=Settings())
    rest.change(Settings(beta=9))
    rest.wanted = False
    assert not rest.wants_steps(frame)
    rest.change(Settings(beta=10))
    assert rest.wants_steps(frame)
