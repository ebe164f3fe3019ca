"""Settings that change along a film."""

import json
from dataclasses import replace

import pytest

from style_transfer.film.keyframes import Keyframes
from style_transfer.settings import Settings

BASE = Settings(beta=2, steps=20)


def test_a_number_changes_evenly_between_two_frames_and_stays_before_and_after():
    keys = Keyframes({4: {"beta": 4}, "8": {"beta": 12}})
    found = [keys.at(number, BASE).beta for number in (0, 2, 4, 6, 8, 100)]
    assert found == [2, 3, 4, 8, 12, 12]


def test_each_knob_has_frames_of_its_own():
    keys = Keyframes({0: {"beta": 4}, 4: {"steps": 30}, 8: {"beta": 12}})
    assert keys.at(2, BASE).steps == 25
    assert keys.at(2, BASE).beta == 6
    assert keys.at(9, BASE).steps == 30


def test_weights_of_styles_change_evenly_and_words_at_their_frame():
    keys = Keyframes({0: {"style_weights": [1, 0]}, 4: {"style_weights": [0, 1], "pooling": "max"}})
    assert keys.at(1, BASE).style_weights[:2] == (0.75, 0.25)
    assert keys.at(3, BASE).pooling == BASE.pooling
    assert keys.at(4, BASE).pooling == "max"


def test_no_keyframes_leave_the_settings():
    assert Keyframes({}).at(7, BASE) == BASE


@pytest.mark.parametrize(
    ("frames", "words"),
    [
        ({"-1": {"beta": 1}}, "A keyframe must be a whole number from 0 to .*, not '-1'"),
        ({"1.5": {"beta": 1}}, "A keyframe must be a whole number from 0 to .*, not '1.5'"),
        ({1.5: {"beta": 1}}, "A keyframe must be a whole number from 0 to .*, not 1.5"),
        ({"x": {"beta": 1}}, "A keyframe must be a whole number"),
        ({"3": {"colour": 1}}, "Keyframe 3: the knob 'colour' is not one of alpha, "),
        ({"3": {"beta": -1}}, "Keyframe 3: beta must be"),
        ({"0": 3}, "must name knobs"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(frames, words):
    with pytest.raises(ValueError, match=words):
        Keyframes(frames)


def test_a_file_is_read_and_a_wrong_one_named(tmp_path):
    file = tmp_path / "keys.json"
    file.write_text(json.dumps({"0": {"beta": 4}}))
    assert Keyframes.read(file).at(0, BASE).beta == 4
    for text, words in (("{", "no JSON"), ("[1]", "no frames"), ('{"0": {"beta": "x"}}', "beta")):
        file.write_text(text)
        with pytest.raises(ValueError, match=rf"^keys\.json: .*{words}"):
            Keyframes.read(file)
    with pytest.raises(ValueError, match="cannot be read"):
        Keyframes.read(tmp_path / "none.json")


def test_a_file_may_begin_with_a_byte_order_mark(tmp_path):
    (tmp_path / "keys.json").write_text('{"0": {"beta": 4}}', encoding="utf-8-sig")
    assert Keyframes.read(tmp_path / "keys.json").at(0, BASE).beta == 4


def test_settings_that_a_film_cannot_have_are_refused_with_file_and_keyframe(tmp_path):
    (tmp_path / "keys.json").write_text('{"1": {"style_weights": [0, 0]}}')
    keys = Keyframes.read(tmp_path / "keys.json")
    with pytest.raises(ValueError, match=r"^keys\.json: Keyframe 1: .*weight"):
        keys.check(BASE, lambda settings: settings.check_styles(2))
    with pytest.raises(ValueError, match=r"^One of the 2 styles"):  # of no keyframe
        keys.check(replace(BASE, style_weights=(0, 0, 1)), lambda each: each.check_styles(2))
