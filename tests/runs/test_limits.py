import re
from dataclasses import fields
from pathlib import Path

import pytest

from style_transfer.runs.limits import PREFIX, Limits


def test_a_limit_is_read_from_the_variable_of_its_name():
    assert Limits.read({"STYLE_TRANSFER_RUNS": " 3 ", "STYLE_TRANSFER_STEPS": ""}) == Limits(runs=3)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("RUNS", "0", "RUNS must be from 1 to 64, not 0"),
        ("UPLOAD", "many", "UPLOAD must be a whole number, not 'many'"),
        ("STEPS", "1e3", "STEPS must be a whole number, not '1e3'"),
        ("PAUSED", "-1", "PAUSED must be from 1 to 86,400, not -1"),
    ],
)
def test_a_bad_limit_is_refused_in_one_sentence(name, text, words):
    with pytest.raises(ValueError, match=words) as error:
        Limits.read({PREFIX + name: text})
    assert "\n" not in str(error.value)


def test_what_is_beyond_a_limit_is_refused_with_what_is_allowed():
    with pytest.raises(ValueError, match="at most 5,000 steps here, not 1,000,000,000,000"):
        Limits().check_steps(10**12)
    with pytest.raises(ValueError, match="not 60000 x 10"):
        Limits(pixels=4096).check_size(10, 60000, "somebody")


def test_every_limit_is_listed_with_its_default_for_those_who_host():
    hosting = (Path(__file__).parents[2] / "docs" / "hosting.md").read_text()
    section = hosting.partition("## For many visitors")[2].partition("\n## ")[0]
    listed = re.findall(rf"^\| `{PREFIX}(\w+)` \| (\d+) \|", section, flags=re.MULTILINE)
    assert listed == [(each.name.upper(), str(each.default)) for each in fields(Limits)]


def test_a_picture_of_2048_pixels_a_side_is_allowed():
    Limits().check_size(2048, 2048, "somebody")
    with pytest.raises(ValueError, match="at most 4,194,304 pixels here, not 2049 x 2048"):
        Limits().check_size(2048, 2049, "somebody")


def test_who_uses_this_machine_makes_prints_as_large_and_slow_as_it_can():
    Limits().check_size(5461, 8192, "")
    assert Limits().seconds_of("") > 10**9
    assert Limits(seconds=60).seconds_of("somebody") == 60
    with pytest.raises(ValueError, match="at most 100,000,000 pixels here"):
        Limits().check_size(10_000, 10_001, "")
